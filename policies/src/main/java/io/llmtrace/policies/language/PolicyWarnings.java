package io.llmtrace.policies.language;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.sensitive.SensitiveKinds;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.yaml.Given;
import io.llmtrace.policies.yaml.YamlProblem;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What is allowed in a policy, and probably not meant. Used once. */
final class PolicyWarnings {
  private final List<YamlProblem> warnings = new ArrayList<>();

  private PolicyWarnings() {}

  /**
   * The warnings of a policy, in the order of the file.
   *
   * @param file that the policy was read from
   * @param today in UTC
   */
  static List<YamlProblem> of(Policy policy, Given.Section file, LocalDate today) {
    PolicyWarnings all = new PolicyWarnings();
    all.rules(policy.rules(), file.sections("rules"));
    all.exceptions(policy.exceptions(), file.sections("exceptions"), today);
    all.sensitive(policy, file);
    return all.warnings.stream()
        .sorted(
            java.util.Comparator.comparingInt(YamlProblem::line)
                .thenComparingInt(YamlProblem::column))
        .toList();
  }

  private void rules(List<Rule> rules, List<Given.Section> sections) {
    for (int i = 1; i < rules.size(); i++) {
      Rule rule = rules.get(i);
      Optional<Rule> above =
          rules.subList(0, i).stream().filter(each -> hides(each, rule)).findFirst();
      if (above.isPresent()) {
        warn(
            sections.get(i),
            "'"
                + rule.name()
                + "' never acts, because '"
                + above.get().name()
                + "' above "
                + (above.get().findings() == null ? "ends the reading" : "takes all its findings"),
            "move it up");
      }
    }
  }

  private static boolean hides(Rule above, Rule rule) {
    if (above.when() != null || !above.match().equals(Match.ALL)) {
      return false;
    }
    FindingSelector taken = above.findings();
    if (taken == null) {
      return above.action() == Action.ALLOW || above.action() == Action.BLOCK;
    }
    // Within its allowance, a limit takes nothing.
    FindingSelector wanted = rule.findings();
    return wanted != null && above.rate() == null && covers(taken, wanted);
  }

  private static boolean covers(FindingSelector all, FindingSelector some) {
    return types(all).containsAll(types(some))
        && covers(all.rules(), some.rules())
        && covers(all.detectors(), some.detectors())
        && (all.zones().isEmpty()
            || (!some.zones().isEmpty() && all.zones().containsAll(some.zones())))
        && some.severity().atLeast(all.severity())
        && some.confidence() >= all.confidence();
  }

  private static Set<FindingType> types(FindingSelector selector) {
    Set<FindingType> types = EnumSet.noneOf(FindingType.class);
    for (FindingType type : FindingType.values()) {
      if ((selector.types().isEmpty() && selector.groups().isEmpty())
          || selector.types().contains(type)
          || selector.groups().contains(type.group())) {
        types.add(type);
      }
    }
    return types;
  }

  private static boolean covers(List<NamePattern> all, List<NamePattern> some) {
    return all.isEmpty() || (!some.isEmpty() && all.containsAll(some));
  }

  private void exceptions(
      List<ExceptionRule> exceptions, List<Given.Section> sections, LocalDate today) {
    for (int i = 0; i < exceptions.size(); i++) {
      ExceptionRule exception = exceptions.get(i);
      if (!LocalDate.parse(exception.expires()).isAfter(today)) {
        warn(
            sections.get(i),
            "'" + exception.name() + "' holds no more since " + exception.expires(),
            "remove it, or ask " + exception.owner() + " for a later day");
      }
    }
  }

  private void sensitive(Policy policy, Given.Section file) {
    Optional<Given.Section> section = file.section("sensitive");
    policy
        .sensitive()
        .forEach(
            (kind, action) -> {
              boolean off =
                  SensitiveKinds.find(kind).filter(each -> !each.onByDefault()).isPresent();
              if (off && action != Action.ALLOW && section.isPresent()) {
                warn(
                    section.get().scalar(kind).orElseThrow(),
                    "is not looked for unless the configuration says so",
                    "name it in detection.sensitive.enable");
              }
            });
  }

  private void warn(Given at, String message, String suggestion) {
    warnings.add(at.problem(message, suggestion));
  }
}
