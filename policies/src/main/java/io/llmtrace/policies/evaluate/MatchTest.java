package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.language.Match;
import io.llmtrace.policies.language.NamePattern;
import io.llmtrace.policies.language.TimeWindow;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A {@link Match}, ready to be asked: only what it gives is looked at. Immutable. */
final class MatchTest {
  private final Criterion[] criteria;

  /**
   * @param ofBody whether it is about what only a body tells
   */
  private record Criterion(String key, boolean ofBody, Holds holds) {}

  @FunctionalInterface
  private interface Holds {
    boolean test(Facts facts);
  }

  MatchTest(Match match) {
    List<Criterion> given = new ArrayList<>();
    names(given, "tenants", match.tenants(), Facts::tenant);
    names(given, "consumers", match.consumers(), Facts::consumer);
    names(given, "agents", match.agents(), Facts::agent);
    names(given, "routes", match.routes(), Facts::route);
    names(given, "providers", match.providers(), Facts::provider);
    if (!match.models().isEmpty()) {
      given.add(new Criterion("models", true, facts -> any(match.models(), facts.model())));
    }
    if (!match.zones().isEmpty()) {
      given.add(new Criterion("zones", true, facts -> common(match.zones(), facts.zones())));
    }
    if (!match.tools().isEmpty()) {
      given.add(new Criterion("tools", true, facts -> anyOf(match.tools(), facts.tools())));
    }
    for (Map.Entry<String, List<NamePattern>> header : match.headers().entrySet()) {
      given.add(
          new Criterion(
              "headers." + header.getKey(),
              false,
              facts -> {
                String value = facts.headers().get(header.getKey());
                return value != null && any(header.getValue(), value);
              }));
    }
    TimeWindow time = match.time();
    if (time != null) {
      TimeWindow.Hours hours = time.hours();
      given.add(new Criterion("time", false, facts -> hours.contain(facts.at())));
    }
    criteria = given.toArray(Criterion[]::new);
  }

  boolean isEmpty() {
    return criteria.length == 0;
  }

  /** Whether it surely holds: what only a body tells does not where the body is in doubt. */
  boolean holds(Facts facts) {
    return holds(facts, false);
  }

  /** Whether it holds or, where the body is in doubt, may hold. */
  boolean mayHold(Facts facts) {
    return holds(facts, true);
  }

  private boolean holds(Facts facts, boolean inDoubt) {
    for (Criterion each : criteria) {
      boolean doubt = each.ofBody() && !facts.certain();
      if (doubt ? !inDoubt : !each.holds().test(facts)) {
        return false;
      }
    }
    return true;
  }

  /** The first key that does not hold; null where all do. */
  @Nullable String missed(Facts facts) {
    for (Criterion each : criteria) {
      if ((each.ofBody() && !facts.certain()) || !each.holds().test(facts)) {
        return each.key();
      }
    }
    return null;
  }

  private static void names(
      List<Criterion> given,
      String key,
      List<NamePattern> patterns,
      Function<Facts, String> value) {
    if (!patterns.isEmpty()) {
      given.add(new Criterion(key, false, facts -> any(patterns, value.apply(facts))));
    }
  }

  private static boolean any(List<NamePattern> patterns, String value) {
    for (int i = 0; i < patterns.size(); i++) {
      if (patterns.get(i).matches(value)) {
        return true;
      }
    }
    return false;
  }

  private static boolean anyOf(List<NamePattern> patterns, List<String> values) {
    for (int i = 0; i < values.size(); i++) {
      if (any(patterns, values.get(i))) {
        return true;
      }
    }
    return false;
  }

  private static boolean common(Set<Zone> wanted, Set<Zone> there) {
    for (Zone zone : wanted) {
      if (there.contains(zone)) {
        return true;
      }
    }
    return false;
  }
}
