package io.llmtrace.policies.limit;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Limits and subjects for tests. */
final class Limits {
  static final Demand SMALL = new Demand(10, Demand.UNBOUNDED);

  private Limits() {}

  static Limit requests(String name, long perMinute, Dimension... by) {
    return limit(name, Limit.Action.LIMIT, new Limit.Rates(perMinute, 0, 0), by);
  }

  static Limit limit(String name, Limit.Action action, Limit.Rates rates, Dimension... by) {
    return new Limit(name, set(by), Map.of(), action, rates, Limit.Budget.NONE, Limit.Size.NONE);
  }

  static Limit budget(String name, Map<Window, Double> usd, Limit.UnknownCost unknown) {
    return new Limit(
        name,
        Set.of(Dimension.TENANT),
        Map.of(),
        Limit.Action.LIMIT,
        Limit.Rates.NONE,
        new Limit.Budget(usd, unknown),
        Limit.Size.NONE);
  }

  static Limit size(long prompt, long completion, long total) {
    return new Limit(
        "size",
        Set.of(),
        Map.of(),
        Limit.Action.LIMIT,
        Limit.Rates.NONE,
        Limit.Budget.NONE,
        new Limit.Size(prompt, completion, total));
  }

  static Subject tenant(String tenant) {
    return new Subject(tenant, "", "r", "", "", true);
  }

  static Set<Dimension> set(Dimension... by) {
    return new LinkedHashSet<>(List.of(by));
  }
}
