package io.llmtrace.runtime.config;

import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.LimitKind;
import io.llmtrace.policies.limit.Window;
import io.llmtrace.policies.yaml.Nearest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads the list {@code limits}. Stateless. */
final class LimitsReader {
  /** Each is asked for each request. */
  static final int MOST_LIMITS = 64;

  private static final int MOST_VALUES = 100;
  private static final int MOST_CONCURRENT = 1_000_000;
  private static final double LEAST_USD = 0.01;
  private static final double MOST_USD = 9_999_999;
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final List<String> DIMENSIONS =
      Arrays.stream(Dimension.values()).map(Dimension::label).toList();
  private static final List<String> KINDS =
      Arrays.stream(LimitKind.values()).map(LimitKind::label).toList();

  private LimitsReader() {}

  static List<Limit> limits(List<ConfigSection> sections) {
    List<Limit> limits = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (ConfigSection section : sections) {
      Limit limit = limit(section);
      if (!limit.name().isEmpty() && !names.add(limit.name())) {
        section.problem("name", "expected different names, there are two '" + limit.name() + "'");
      }
      limits.add(limit);
    }
    return limits;
  }

  private static Limit limit(ConfigSection section) {
    String expected = "a name of lower-case letters, digits, dots, dashes and underscores";
    String name = section.string("name", "", expected, text -> NAME.matcher(text).matches());
    if (!section.has("name")) {
      section.problem("name", "expected " + expected);
    }
    ConfigSection match = section.section("match");
    Limit limit =
        new Limit(
            name,
            dimensions(section),
            match(match),
            section.choice("action", Limit.Action.class, Limit.Action.LIMIT),
            rates(section),
            budget(section.section("cost_usd")),
            new Limit.Size(
                most(section, LimitKind.PROMPT_TOKENS),
                most(section, LimitKind.COMPLETION_TOKENS),
                most(section, LimitKind.TOTAL_TOKENS)),
            section.choice("nodes", Limit.Nodes.class, Limit.Nodes.EACH),
            section.choice("alone", Limit.Alone.class, Limit.Alone.LOCAL));
    match.finish();
    shared(section, limit);
    section.finish();
    if (KINDS.stream().noneMatch(section::has)) {
      section.problem("", "expected something to limit: " + String.join(", ", KINDS));
    }
    return limit;
  }

  private static void shared(ConfigSection section, Limit limit) {
    if (limit.nodes() == Limit.Nodes.EACH) {
      if (section.has("alone")) {
        section.problem("alone", "expected nodes: share beside it");
      }
      return;
    }
    if (limit.rates().equals(Limit.Rates.NONE)) {
      section.problem(
          "nodes", "expected requests_per_minute, tokens_per_minute or concurrent to be shared");
    }
    if (!limit.budget().usd().isEmpty()) {
      section.problem(
          "cost_usd", "expected none in a shared limit: a budget of the control plane is for that");
    }
  }

  private static Set<Dimension> dimensions(ConfigSection section) {
    Set<Dimension> by = new LinkedHashSet<>();
    String expected = "one of " + String.join(", ", DIMENSIONS);
    for (ConfigKeys.Item item : section.items("by", expected, DIMENSIONS.size())) {
      if (!DIMENSIONS.contains(item.text())) {
        section.problem(
            item,
            "expected "
                + expected
                + ", was \""
                + item.text()
                + "\""
                + Nearest.question(item.text(), DIMENSIONS));
      } else if (!by.add(Dimension.of(item.text()))) {
        section.problem(item, "expected each once");
      }
    }
    return by;
  }

  private static Map<Dimension, List<String>> match(ConfigSection section) {
    Map<Dimension, List<String>> match = new LinkedHashMap<>();
    for (Dimension dimension : Dimension.values()) {
      String key = dimension.label();
      List<String> values = new ArrayList<>();
      for (ConfigKeys.Item item :
          section.itemOrItems(key, "values, or beginnings that end with *", MOST_VALUES)) {
        if (item.text().isBlank() || item.text().length() > 200) {
          section.problem(item, "expected a text of 1 to 200 characters");
        }
        values.add(item.text());
      }
      if (section.has(key)) {
        match.put(dimension, List.copyOf(values));
        if (values.isEmpty()) {
          section.problem(key, "expected a value or more");
        }
      }
    }
    return match;
  }

  private static Limit.Rates rates(ConfigSection section) {
    String concurrent = LimitKind.CONCURRENT.label();
    return new Limit.Rates(
        most(section, LimitKind.REQUESTS_PER_MINUTE),
        most(section, LimitKind.TOKENS_PER_MINUTE),
        section.integer(concurrent, 0, 1, MOST_CONCURRENT));
  }

  private static long most(ConfigSection section, LimitKind kind) {
    return section.integer(kind.label(), 0, 1, (int) Limit.MOST_PER_MINUTE);
  }

  private static Limit.Budget budget(ConfigSection section) {
    Map<Window, Double> usd = new EnumMap<>(Window.class);
    for (Window window : Window.values()) {
      if (section.has(window.label())) {
        usd.put(window, section.number(window.label(), MOST_USD, LEAST_USD, MOST_USD));
      } else {
        section.number(window.label(), MOST_USD, LEAST_USD, MOST_USD);
      }
    }
    Limit.UnknownCost unknown =
        section.choice("unknown", Limit.UnknownCost.class, Limit.UnknownCost.PASS);
    section.finish();
    if (usd.isEmpty() && !section.keys().isEmpty()) {
      section.problem("unknown", "expected dollars for hour, day, week or month beside it");
    }
    return new Limit.Budget(usd, unknown);
  }
}
