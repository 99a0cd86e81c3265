package io.llmtrace.policies.limit;

import io.llmtrace.policies.usage.PriceOverrides;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a {@link LeaseRequest}.
 *
 * @param leases one for each demand, in their order; none for a process that leaves
 * @param now the control plane's clock, epoch milliseconds: {@code notAfter} less {@code now},
 *     counted from before the request was sent, is how long a node may go by a lease whatever its
 *     own clock says
 * @param nodes processes that lately asked for shares of what this one may ask for, itself included
 * @param tenants tenants of whose limits the key may ask for shares; null for all, and for limits
 *     that count by no tenant
 * @param budgets all budgets of these tenants, with a share of those that were asked for
 * @param prices all price overrides, or null where the request named their revision
 */
public record LeaseAnswer(
    List<LimitLease> leases,
    long now,
    int nodes,
    @Nullable Set<String> tenants,
    List<BudgetLease> budgets,
    @Nullable PriceOverrides prices) {
  public LeaseAnswer {
    leases = List.copyOf(leases);
    tenants = tenants == null ? null : Set.copyOf(tenants);
    budgets = budgets == null ? List.of() : List.copyOf(budgets);
  }
}
