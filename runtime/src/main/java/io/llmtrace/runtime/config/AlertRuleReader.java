package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.AlertRuleFile.Case;
import io.llmtrace.runtime.config.AlertRuleFile.Expect;
import io.llmtrace.runtime.config.AlertRuleFile.Expression;
import io.llmtrace.runtime.config.AlertRuleFile.Rule;
import io.llmtrace.runtime.config.AlertRuleFile.Series;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads files of alert rules. Stateless. */
final class AlertRuleReader {
  private static final int MOST_RULES = 200;
  private static final int MOST_TESTS = 200;
  private static final int MOST_SERIES = 50;
  private static final int MOST_EXPECTED = 200;
  private static final int DAY_SECONDS = 86_400;
  private static final double MOST_PER_MINUTE = 1e9;
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,62}");
  private static final List<String> SUM_LABELS = List.of("tenant", "route", "provider", "model");
  private static final List<String> FINDING_LABELS =
      List.of("tenant", "route", "provider", "model", "type", "severity", "action");
  private static final Set<String> STATES = Set.of("none", "pending", "firing", "resolved");
  private static final URI NO_RUNBOOK = URI.create("about:blank");

  private AlertRuleReader() {}

  static AlertRuleFile read(String file, String text, Map<String, String> env)
      throws ConfigException {
    Reading reading = new Reading(file, env);
    ConfigSection root = new ConfigSection(reading, "", ConfigFile.root(reading, text));
    List<Rule> rules = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (ConfigSection section : root.sections("rules", MOST_RULES)) {
      Rule rule = rule(section);
      if (!names.add(rule.name()) && !rule.name().isEmpty()) {
        section.problem(
            "name", "expected a name of its own, \"" + rule.name() + "\" is given twice");
      }
      rules.add(rule);
    }
    List<Case> tests = new ArrayList<>();
    for (ConfigSection section : root.sections("tests", MOST_TESTS)) {
      tests.add(test(section));
    }
    if (rules.isEmpty() && tests.isEmpty()) {
      root.problem("rules", "expected a list of rules, or of tests");
    }
    root.finish();
    if (!reading.problems().isEmpty()) {
      throw new ConfigException(reading.problems());
    }
    return new AlertRuleFile(file, rules, tests);
  }

  private static Rule rule(ConfigSection section) {
    String name =
        section.string(
            "name",
            "",
            "a name of lower-case letters, digits and _ (1 to 63)",
            text -> NAME.matcher(text).matches());
    if (name.isEmpty() && !section.has("name")) {
      section.problem("name", "expected a name");
    }
    Severity severity = severity(section);
    @Nullable Expression when = expression(section, "when");
    @Nullable Expression match = expression(section, "match");
    if ((when == null) == (match == null)) {
      section.problem(
          match == null ? "when" : "match",
          "expected either when (about sums) or match (about findings)");
    }
    Set<String> by =
        section.strings(
            "by",
            "one of " + String.join(", ", match == null ? SUM_LABELS : FINDING_LABELS),
            (match == null ? SUM_LABELS : FINDING_LABELS)::contains);
    boolean firstSeen = section.bool("first_seen", false);
    int count = section.integer("count", 1, 1, 1_000_000);
    @Nullable Expression until = expression(section, "until");
    if (match == null && (firstSeen || section.has("count"))) {
      section.problem(
          firstSeen ? "first_seen" : "count", "expected match beside it: it counts findings");
    }
    if (match != null && until != null) {
      section.problem(
          "until", "expected when beside it: rules about findings end with their window");
    }
    if (firstSeen && section.has("count")) {
      section.problem("count", "expected either count or first_seen");
    }
    if (firstSeen && by.isEmpty()) {
      section.problem("first_seen", "expected by beside it: what is seen for the first time");
    }
    Rule rule =
        new Rule(
            section.line(),
            section.path(),
            name,
            severity,
            List.copyOf(by),
            seconds(section, "window_seconds", 300, 10, 3_600),
            seconds(section, "for_seconds", 0, 0, DAY_SECONDS),
            seconds(section, "keep_seconds", 60, 0, DAY_SECONDS),
            when,
            until,
            match,
            count,
            firstSeen,
            expression(section, "value"),
            section.has("threshold") ? section.number("threshold", 0, 0, 1e9) : null,
            expression(section, "summary"),
            section.has("runbook") ? section.httpUrl("runbook", NO_RUNBOOK) : null,
            section.strings("inhibits", "a name of a rule", text -> NAME.matcher(text).matches()));
    section.finish();
    return rule;
  }

  private static Severity severity(ConfigSection section) {
    Predicate<String> known = text -> severityOf(text) != null;
    String text = section.string("severity", "", "one of info, low, medium, high, critical", known);
    if (text.isEmpty() && !section.has("severity")) {
      section.problem("severity", "expected one of info, low, medium, high, critical");
    }
    @Nullable Severity severity = severityOf(text);
    return severity == null ? Severity.INFO : severity;
  }

  private static @Nullable Severity severityOf(String text) {
    for (Severity each : Severity.values()) {
      if (each.label().equalsIgnoreCase(text)) {
        return each;
      }
    }
    return null;
  }

  private static @Nullable Expression expression(ConfigSection section, String key) {
    List<ConfigKeys.Item> items = section.itemOrItems(key, "text", 1);
    if (items.isEmpty()) {
      return null;
    }
    ConfigKeys.Item item = items.get(0);
    return new Expression(item.text(), item.path(), Reading.line(item.node()));
  }

  private static Duration seconds(
      ConfigSection section, String key, int fallback, int least, int most) {
    return Duration.ofSeconds(section.integer(key, fallback, least, most));
  }

  private static Case test(ConfigSection section) {
    String name = section.string("name", "", "a name", text -> text.length() <= 200);
    List<Series> series = new ArrayList<>();
    for (ConfigSection each : section.sections("series", MOST_SERIES)) {
      series.add(series(each));
    }
    List<Expect> expect = new ArrayList<>();
    for (ConfigSection each : section.sections("expect", MOST_EXPECTED)) {
      expect.add(expect(each));
    }
    if (expect.isEmpty()) {
      section.problem("expect", "expected what the rules are to do");
    }
    section.finish();
    return new Case(name, section.line(), series, expect);
  }

  private static Series series(ConfigSection section) {
    Map<String, String> labels = new TreeMap<>();
    for (String label : FINDING_LABELS) {
      @Nullable String value =
          label.equals("severity") && section.has(label)
              ? severity(section).label()
              : section.optionalString(label);
      if (value != null) {
        labels.put(label, value);
      }
    }
    int from = section.integer("from_seconds", 0, 0, DAY_SECONDS);
    int until = section.integer("until_seconds", DAY_SECONDS, 0, DAY_SECONDS);
    if (until <= from) {
      section.problem("until_seconds", "expected more than from_seconds");
    }
    ConfigSection rates = section.section("per_minute");
    Map<String, Double> perMinute = new HashMap<>();
    for (String counted : AlertRuleFile.COUNTED) {
      double rate = rates.number(counted, 0, 0, MOST_PER_MINUTE);
      if (rate > 0) {
        perMinute.put(counted, rate);
      }
    }
    rates.finish();
    Series series =
        new Series(
            labels,
            from,
            until,
            perMinute,
            section.number("duration_seconds", 0, 0, DAY_SECONDS),
            section.number("confidence", 1, 0, 1));
    section.finish();
    return series;
  }

  private static Expect expect(ConfigSection section) {
    int at = section.integer("at_seconds", 0, 0, DAY_SECONDS);
    String rule =
        section.string("rule", "", "a name of a rule", text -> NAME.matcher(text).matches());
    if (rule.isEmpty() && !section.has("rule")) {
      section.problem("rule", "expected a name of a rule");
    }
    ConfigSection given = section.section("labels");
    Map<String, String> labels = new TreeMap<>();
    for (String key : given.keys()) {
      @Nullable String value = given.optionalString(key);
      labels.put(key, value == null ? "" : value);
    }
    String state =
        section.string("state", "", "one of none, pending, firing, resolved", STATES::contains);
    if (state.isEmpty() && !section.has("state")) {
      section.problem("state", "expected one of none, pending, firing, resolved");
    }
    section.finish();
    return new Expect(section.line(), section.path(), at, rule, labels, state);
  }
}
