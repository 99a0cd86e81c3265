package io.llmtrace.policies.expression;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** The environment: what conditions can speak of. */
final class Variables {
  static final String HEADERS = "headers";
  static final String ZONES = "zones";

  private static final Zone[] ZONE_VALUES = Zone.values();

  /** Zones are a set; as a list they are in the order of the enum, one list a subset. */
  private static final List<List<String>> ZONE_LISTS = zoneLists();

  private static final Map<String, Node> ALL = all();

  private Variables() {}

  /** Every name, in the order of the documentation. */
  static Set<String> names() {
    return ALL.keySet();
  }

  static @Nullable Node of(String name) {
    return ALL.get(name);
  }

  static ValueType type(String name) {
    Node node = ALL.get(name);
    if (node == null) {
      throw new IllegalArgumentException(name);
    }
    return node.type;
  }

  private static Map<String, Node> all() {
    Map<String, Node> all = new LinkedHashMap<>();
    all.put("tenant", new OfText(Facts::tenant));
    all.put("consumer", new OfText(Facts::consumer));
    all.put("agent", new OfText(Facts::agent));
    all.put("route", new OfText(Facts::route));
    all.put("provider", new OfText(Facts::provider));
    all.put("model", new OfText(Facts::model));
    all.put("dialect", new OfText(Facts::dialect));
    all.put("method", new OfText(Facts::method));
    all.put("path", new OfText(Facts::path));
    all.put("stream", new OfBool(Facts::stream));
    all.put("tools", new OfTexts(Facts::tools));
    all.put(HEADERS, new Node.OfHeaders());
    all.put(ZONES, new OfTexts(facts -> ZONE_LISTS.get(mask(facts.zones()))));
    all.put("segments", new OfInt(ValueType.INT, Facts::segments));
    all.put("bytes", new OfInt(ValueType.INT, Facts::bytes));
    all.put("max_tokens", new OfInt(ValueType.INT, Facts::maxTokens));
    all.put("uninspected_parts", new OfInt(ValueType.INT, Facts::uninspectedParts));
    all.put("coverage", new OfText(Facts::coverage));
    all.put("now", new OfInt(ValueType.TIMESTAMP, Facts::at));
    all.put("score", new Score());
    all.put("findings", new Findings());
    for (Severity each : Severity.values()) {
      all.put(each.label(), new Numbers.IntConstant(ValueType.INT, FindingFields.rank(each)));
    }
    return Collections.unmodifiableMap(all);
  }

  private static int mask(Set<Zone> zones) {
    int mask = 0;
    // Not an iterator, which would be an object for each condition.
    for (int i = 0; i < ZONE_VALUES.length; i++) {
      if (zones.contains(ZONE_VALUES[i])) {
        mask |= 1 << i;
      }
    }
    return mask;
  }

  private static List<List<String>> zoneLists() {
    List<List<String>> lists = new ArrayList<>();
    for (int mask = 0; mask < 1 << ZONE_VALUES.length; mask++) {
      List<String> list = new ArrayList<>();
      for (int i = 0; i < ZONE_VALUES.length; i++) {
        if ((mask & (1 << i)) != 0) {
          list.add(ZONE_VALUES[i].label());
        }
      }
      lists.add(List.copyOf(list));
    }
    return List.copyOf(lists);
  }

  private static final class OfText extends Node.Text {
    private final Function<Facts, String> fact;

    OfText(Function<Facts, String> fact) {
      this.fact = fact;
    }

    @Override
    String value(Scope scope) {
      return fact.apply(scope.facts());
    }
  }

  private static final class OfBool extends Node.Bool {
    private final Predicate<Facts> fact;

    OfBool(Predicate<Facts> fact) {
      this.fact = fact;
    }

    @Override
    int test(Scope scope) {
      return of(fact.test(scope.facts()));
    }
  }

  private static final class OfInt extends Node.Int {
    private final ToLongFunction<Facts> fact;

    OfInt(ValueType type, ToLongFunction<Facts> fact) {
      super(type);
      this.fact = fact;
    }

    @Override
    long value(Scope scope) {
      return fact.applyAsLong(scope.facts());
    }
  }

  private static final class OfTexts extends Node.Items {
    private final Function<Facts, List<String>> fact;

    OfTexts(Function<Facts, List<String>> fact) {
      super(ValueType.STRINGS);
      this.fact = fact;
    }

    @Override
    List<String> value(Scope scope) {
      return fact.apply(scope.facts());
    }
  }

  private static final class Score extends Node.Real {
    @Override
    double value(Scope scope) {
      return scope.score();
    }
  }

  private static final class Findings extends Node.Items {
    Findings() {
      super(ValueType.FINDINGS);
    }

    @Override
    List<?> value(Scope scope) {
      return scope.findings();
    }
  }
}
