package io.llmtrace.policies.language;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.Window;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.yaml.Given;
import java.time.DayOfWeek;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes a policy of a file in which nothing is wrong. Used once. */
final class PolicyBinder {
  private static final String MIDNIGHT = "00:00";

  private final Conditions conditions;

  PolicyBinder(Conditions conditions) {
    this.conditions = conditions;
  }

  Policy policy(Given.Section file) {
    Given.Section metadata = file.section("metadata").orElseThrow();
    return new Policy(
        required(metadata, "name"),
        new Policy.Metadata(
            text(metadata, "description"),
            text(metadata, "owner"),
            entries(metadata, "labels", Function.identity(), Function.identity())),
        optional(file, "mode", Mode::of),
        match(file),
        optional(file, "defaults", Defaults::of),
        optional(file, "profile", PolicyBinder::profile),
        entries(file, "thresholds", FindingType::of, Double::valueOf),
        optional(file, "on_uninspectable", UninspectableAction::of),
        optional(file, "block_style", BlockStyle::of),
        entries(file, "messages", MessageKind::of, Function.identity()),
        nameList(file, "models"),
        nameList(file, "tools"),
        file.sections("patterns").stream().map(PolicyBinder::pattern).toList(),
        entries(file, "sensitive", Function.identity(), Action::of),
        file.sections("rules").stream().map(this::rule).toList(),
        file.sections("budgets").stream().map(PolicyBinder::budget).toList(),
        file.sections("exceptions").stream().map(this::exception).toList());
  }

  private Rule rule(Given.Section rule) {
    return new Rule(
        required(rule, "name"),
        text(rule, "description"),
        match(rule),
        findings(rule),
        condition(rule),
        Action.of(required(rule, "action")),
        rule.section("limit").map(PolicyBinder::rate).orElse(null),
        optional(rule, "message", Function.identity()),
        optional(rule, "block_style", BlockStyle::of),
        rule.text("locked").map(Boolean::valueOf).orElse(false));
  }

  private static Rule.Rate rate(Given.Section limit) {
    return new Rule.Rate(
        Integer.parseInt(required(limit, "requests_per_minute")), dimensions(limit));
  }

  private ExceptionRule exception(Given.Section exception) {
    return new ExceptionRule(
        required(exception, "name"),
        required(exception, "owner"),
        text(exception, "reason"),
        required(exception, "expires"),
        match(exception),
        findings(exception),
        condition(exception));
  }

  private static BudgetRule budget(Given.Section budget) {
    return new BudgetRule(
        required(budget, "name"),
        entries(budget, "usd", Window::of, Double::valueOf),
        dimensions(budget),
        budget.text("action").map(Limit.Action::of).orElse(Limit.Action.LIMIT));
  }

  private static TextPattern pattern(Given.Section pattern) {
    return new TextPattern(
        required(pattern, "name"),
        required(pattern, "pattern"),
        set(pattern.texts("zones"), Zone::of),
        pattern.text("severity").map(Severity::of).orElse(Severity.MEDIUM));
  }

  private static @Nullable NameList nameList(Given.Section file, String key) {
    Optional<Given.Section> list = file.section(key);
    return list.isEmpty()
        ? null
        : new NameList(
            names(list.get(), "allow"),
            names(list.get(), "deny"),
            list.get().text("action").map(Action::of).orElse(Action.BLOCK));
  }

  private Rule.@Nullable Condition condition(Given.Section section) {
    Optional<Given.Scalar> when = section.scalar("when");
    return when.isEmpty() ? null : conditions.condition(when.get());
  }

  private static @Nullable FindingSelector findings(Given.Section section) {
    Given findings = section.values().get("findings");
    if (findings instanceof Given.Section keys) {
      return new FindingSelector(
          set(keys.texts("types"), FindingType::of),
          set(
              keys.texts("groups"),
              group -> FindingType.Group.valueOf(group.toUpperCase(Locale.ROOT))),
          names(keys, "rules"),
          names(keys, "detectors"),
          set(keys.texts("zones"), Zone::of),
          keys.text("severity").map(Severity::of).orElse(Severity.INFO),
          keys.text("confidence").map(Double::valueOf).orElse(0.0));
    }
    return findings == null
        ? null
        : new FindingSelector(
            set(section.texts("findings"), FindingType::of),
            Set.of(),
            List.of(),
            List.of(),
            Set.of(),
            Severity.INFO,
            0);
  }

  private static Match match(Given.Section section) {
    Optional<Given.Section> given = section.section("match");
    if (given.isEmpty()) {
      return Match.ALL;
    }
    Given.Section match = given.get();
    Map<String, List<NamePattern>> headers = new LinkedHashMap<>();
    match
        .section("headers")
        .ifPresent(
            values ->
                values.values().keySet().forEach(name -> headers.put(name, names(values, name))));
    return new Match(
        names(match, "tenants"),
        names(match, "consumers"),
        names(match, "agents"),
        names(match, "routes"),
        names(match, "providers"),
        names(match, "models"),
        set(match.texts("zones"), Zone::of),
        names(match, "tools"),
        headers,
        match.section("time").map(PolicyBinder::time).orElse(null));
  }

  private static TimeWindow time(Given.Section time) {
    return new TimeWindow(
        set(time.texts("days"), PolicyBinder::day),
        time.text("from").orElse(MIDNIGHT),
        time.text("to").orElse(MIDNIGHT),
        required(time, "zone"));
  }

  private static DayOfWeek day(String name) {
    return Arrays.stream(DayOfWeek.values())
        .filter(day -> day.name().startsWith(name.toUpperCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow();
  }

  private static Profile profile(String label) {
    return Profile.valueOf(label.toUpperCase(Locale.ROOT));
  }

  private static List<NamePattern> names(Given.Section section, String key) {
    return section.texts(key).stream().map(NamePattern::of).toList();
  }

  private static Set<Dimension> dimensions(Given.Section section) {
    return set(section.texts("by"), Dimension::of);
  }

  private static <T> Set<T> set(List<String> texts, Function<String, T> read) {
    Set<T> set = new LinkedHashSet<>();
    texts.forEach(text -> set.add(read.apply(text)));
    return set;
  }

  private static <K, V> Map<K, V> entries(
      Given.Section section, String key, Function<String, K> name, Function<String, V> value) {
    Map<K, V> entries = new LinkedHashMap<>();
    section
        .section(key)
        .ifPresent(
            given ->
                given
                    .values()
                    .keySet()
                    .forEach(
                        each -> entries.put(name.apply(each), value.apply(required(given, each)))));
    return entries;
  }

  private static String required(Given.Section section, String key) {
    return section.text(key).orElseThrow();
  }

  private static String text(Given.Section section, String key) {
    return section.text(key).orElse("");
  }

  private static <T> @Nullable T optional(
      Given.Section section, String key, Function<String, T> read) {
    Optional<String> text = section.text(key);
    return text.isEmpty() ? null : read.apply(text.get());
  }
}
