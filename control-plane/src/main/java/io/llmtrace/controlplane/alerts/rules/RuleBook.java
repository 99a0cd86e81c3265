package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.runtime.config.AlertRuleFile;
import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigProblem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** All rules that look. Immutable. */
public final class RuleBook {
  private final Map<String, Watch> watches;

  private RuleBook(Map<String, Watch> watches) {
    this.watches = watches;
  }

  /**
   * The built-in rules with settings, and those of files.
   *
   * @param settings by name of a built-in rule
   * @throws IllegalArgumentException for settings of no built-in rule, or that it cannot have; the
   *     message begins with the dotted key below {@code alerts.rules}
   * @throws ConfigException for rules of files that cannot be, with every problem
   */
  public static RuleBook of(Map<String, RuleSettings> settings, Collection<AlertRuleFile> files)
      throws ConfigException {
    for (String name : settings.keySet()) {
      if (BuiltIn.of(name).isEmpty()) {
        throw new IllegalArgumentException(
            name
                + ": unknown rule, expected one of "
                + Arrays.stream(BuiltIn.values())
                    .map(BuiltIn::label)
                    .collect(Collectors.joining(", ")));
      }
    }
    Map<String, Watch> watches = new LinkedHashMap<>();
    for (BuiltIn each : BuiltIn.values()) {
      RuleSettings changed = settings.getOrDefault(each.label(), RuleSettings.UNCHANGED);
      // Looked at even where it is off, so that what is wrong is known before it is on.
      Watch watch = each.watch(changed);
      if (!Boolean.FALSE.equals(changed.enabled())) {
        watches.put(each.label(), watch);
      }
    }
    List<ConfigProblem> problems = new ArrayList<>();
    for (AlertRuleFile file : files) {
      for (AlertRuleFile.Rule rule : file.rules()) {
        if (BuiltIn.of(rule.name()).isPresent() || watches.containsKey(rule.name())) {
          problems.add(
              new ConfigProblem(
                  file.file(),
                  rule.line(),
                  1,
                  rule.path() + ".name",
                  "expected a name of its own, there is a rule \"" + rule.name() + "\" already"));
        }
        CustomRules.compile(file.file(), rule, problems)
            .ifPresent(watch -> watches.putIfAbsent(rule.name(), watch));
      }
    }
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
    return new RuleBook(watches);
  }

  /** The rules, built-in ones first. */
  public List<AlertRule> rules() {
    return watches.values().stream().map(Watch::rule).toList();
  }

  /** What is seen of a time, without what has to be read or kept. */
  List<Observation> look(Recent recent) {
    Look look = new Look(recent);
    List<Observation> seen = new ArrayList<>();
    watches.values().forEach(watch -> watch.look(look, seen::add));
    return seen;
  }

  /** What rules of the kind "first seen" must know of earlier looks. */
  List<Recent.Seen> asks(Recent recent) {
    Look look = new Look(recent);
    return watches.values().stream().flatMap(watch -> watch.asks(look).stream()).toList();
  }

  /** Whether anybody looks at this. */
  boolean looksAt(Watch.Source source) {
    return watches.values().stream().anyMatch(watch -> watch.sources().contains(source));
  }

  /** The windows of the rules that look at this. */
  Set<Duration> windows(Watch.Source source) {
    return watches.values().stream()
        .filter(watch -> watch.sources().contains(source))
        .map(watch -> watch.rule().window())
        .collect(Collectors.toSet());
  }

  /** The window of a rule that counts findings; zero for the others. */
  Duration findingsOf(String rule) {
    Watch watch = watches.get(rule);
    return watch instanceof FindingsWatch || rule.equals(BuiltIn.FINDING_SPIKE.label())
        ? watch == null ? Duration.ZERO : watch.rule().window()
        : Duration.ZERO;
  }
}
