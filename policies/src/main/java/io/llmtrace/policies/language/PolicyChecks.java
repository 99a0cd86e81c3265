package io.llmtrace.policies.language;

import io.llmtrace.policies.detect.signatures.PatternCheck;
import io.llmtrace.policies.yaml.Given;
import io.llmtrace.policies.yaml.Problems;
import io.llmtrace.policies.yaml.ShapeReader;
import io.llmtrace.policies.yaml.YamlProblem;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a shape cannot say of a policy file: names are unique, keys fit each other, patterns and
 * conditions are sound. What has not even the right shape is passed over. Used once.
 */
final class PolicyChecks {
  private static final Set<String> BUDGET_KEYS =
      Set.of("tenants", "consumers", "agents", "routes", "models");

  private final Problems problems;
  private final Conditions conditions;
  private int instructions;

  PolicyChecks(Problems problems, Conditions conditions) {
    this.problems = problems;
    this.conditions = conditions;
  }

  void check(Given.Section file) {
    match(file);
    nameList(file, "models");
    nameList(file, "tools");
    unique(file, "patterns");
    file.sections("patterns").forEach(this::pattern);
    unique(file, "rules");
    file.sections("rules").forEach(this::rule);
    unique(file, "budgets");
    budgets(file);
    unique(file, "exceptions");
    file.sections("exceptions").forEach(this::exception);
  }

  private void unique(Given.Section file, String key) {
    Map<String, Integer> lines = new HashMap<>();
    for (Given.Section section : file.sections(key)) {
      Optional<Given.Scalar> name = section.scalar("name");
      if (name.isPresent()) {
        Integer first = lines.putIfAbsent(name.get().text(), name.get().line());
        if (first != null) {
          problem(
              name.get(), "'" + name.get().text() + "' is there twice, first on line " + first, "");
        }
      }
    }
  }

  private void nameList(Given.Section file, String key) {
    file.section(key)
        .filter(list -> !list.has("allow") && !list.has("deny"))
        .ifPresent(list -> problem(list, "expected allow, deny or both", "leave the key out"));
  }

  private void pattern(Given.Section pattern) {
    Optional<Given.Scalar> text = pattern.scalar("pattern");
    if (text.isEmpty()) {
      return;
    }
    PatternCheck check = PatternCheck.of(text.get().text());
    check.refusal().ifPresent(refusal -> problem(text.get(), refusal, ""));
    int before = instructions;
    instructions += check.instructions();
    if (instructions > PolicyLimits.LARGEST_PATTERNS && before <= PolicyLimits.LARGEST_PATTERNS) {
      problem(
          text.get(),
          "all patterns up to here compile to "
              + instructions
              + " instructions, more than "
              + PolicyLimits.LARGEST_PATTERNS,
          "bound their repetitions");
    }
  }

  private void rule(Given.Section rule) {
    match(rule);
    findings(rule);
    conditions.check(rule.scalar("when"));
    String action = rule.text("action").orElse("");
    if (action.isEmpty()) {
      return;
    }
    only(rule, "limit", action, "limit");
    only(rule, "message", action, "block", "limit");
    only(rule, "block_style", action, "block");
  }

  private void only(Given.Section rule, String key, String action, String... actions) {
    Given value = rule.values().get(key);
    if (value != null && !List.of(actions).contains(action)) {
      problem(
          value,
          "is for action " + String.join(" and ", actions) + " only, was " + action,
          "leave the key out");
    }
  }

  private void findings(Given.Section section) {
    section
        .section("findings")
        .filter(findings -> findings.values().isEmpty())
        .ifPresent(
            findings ->
                problem(
                    findings, "selects nothing in particular", "severity: info is every finding"));
  }

  private void exception(Given.Section exception) {
    match(exception);
    findings(exception);
    conditions.check(exception.scalar("when"));
    if (!exception.has("match") && !exception.has("findings") && !exception.has("when")) {
      problem(
          exception,
          "expected match, findings or when: an exception for everything switches the policy off",
          "");
    }
    exception
        .scalar("expires")
        .ifPresent(
            date -> {
              try {
                LocalDate unused = LocalDate.parse(date.text());
              } catch (DateTimeParseException e) {
                problem(date, "expected a day that exists, was '" + date.text() + "'", "");
              }
            });
  }

  private void match(Given.Section section) {
    Optional<Given.Section> match = section.section("match");
    match
        .flatMap(each -> each.section("headers"))
        .ifPresent(
            headers ->
                headers
                    .values()
                    .forEach(
                        (name, value) -> {
                          if (Match.CREDENTIALS.contains(name)) {
                            problem(
                                value,
                                "expected a header without credentials: these are never kept",
                                "match consumers instead");
                          }
                        }));
    match
        .flatMap(each -> each.section("time"))
        .flatMap(each -> each.scalar("zone"))
        .ifPresent(this::timeZone);
  }

  private void timeZone(Given.Scalar zone) {
    try {
      ZoneId unused = ZoneId.of(zone.text());
    } catch (DateTimeException e) {
      problem(
          zone,
          "expected a time zone such as Europe/Berlin or UTC, was '" + zone.text() + "'",
          ShapeReader.near(zone.text(), ZoneId.getAvailableZoneIds()));
    }
  }

  /** Budgets are kept by the control plane, which knows less of an exchange than an instance. */
  private void budgets(Given.Section file) {
    Optional<Given.Section> match = file.section("match");
    if (!file.has("budgets") || match.isEmpty()) {
      return;
    }
    match
        .get()
        .values()
        .forEach(
            (key, value) -> {
              if (!BUDGET_KEYS.contains(key)) {
                problem(
                    value,
                    "expected only agents, consumers, models, routes or tenants in the match of a"
                        + " policy with budgets",
                    "move the budgets into a policy of their own");
                return;
              }
              for (Given.Scalar name : match.get().scalars(key)) {
                int star = name.text().indexOf('*');
                if (star >= 0 && star < name.text().length() - 1) {
                  problem(
                      name,
                      "expected a * only at the end, because the policy has budgets, was '"
                          + ShapeReader.shown(name.text())
                          + "'",
                      "");
                }
              }
            });
  }

  private void problem(Given at, String message, String suggestion) {
    YamlProblem problem = at.problem(message, suggestion);
    problems.add(problem);
  }
}
