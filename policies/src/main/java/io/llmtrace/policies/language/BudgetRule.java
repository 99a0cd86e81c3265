package io.llmtrace.policies.language;

import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.Window;
import java.util.Map;
import java.util.Set;

/**
 * What may be spent by the exchanges that a policy is for. Each instance counts it for each tenant
 * by itself. Immutable.
 *
 * @param name unique in the policy
 * @param usd dollars by rolling window
 * @param by what is counted by; empty is all together
 * @param action what is done with an exchange that is over it
 */
public record BudgetRule(
    String name, Map<Window, Double> usd, Set<Dimension> by, Limit.Action action) {
  public BudgetRule {
    usd = Copies.map(usd);
    by = Copies.set(by);
  }
}
