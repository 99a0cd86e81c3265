package io.llmtrace.controlplane.budgets;

import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.policies.limit.BudgetLease;
import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.LeaseRequest;
import io.llmtrace.policies.limit.LeaseRequest.BudgetDemand;
import io.llmtrace.policies.limit.Limit;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/**
 * Gives nodes shares of what is left of budgets. What is stored, what nodes have spent and not sent
 * yet, and the shares that have not ended never add up to more than the budget; what is in flight
 * comes to that. The budget's row among the limits is locked while shares are counted, so that it
 * holds over replicas. Thread-safe.
 */
final class BudgetShares {
  /** Of what is left one node gets at most a half: another one that begins need not wait. */
  private static final double MOST_AT_ONCE = 0.5;

  /** Of what is left, shared evenly whatever was spent lately. */
  private static final double EVENLY = 0.2;

  private static final int MOST = 10_000;

  private record Other(double reserved, double demand) {}

  private final Supplier<Jdbi> jdbi;

  BudgetShares(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  /** All budgets of some tenants, with a share of those that are asked for. */
  List<BudgetLease> lease(LeaseRequest request, TenantScope tenants) {
    Map<String, BudgetLease> leases = new LinkedHashMap<>();
    Map<String, Budget> wanted = new TreeMap<>();
    Map<String, BudgetDemand> demands = new HashMap<>();
    request.budgets().forEach(each -> demands.put(each.id(), each));
    for (Budget budget : jdbi.get().withHandle(handle -> budgets(handle, tenants))) {
      leases.put(budget.id(), definition(budget, null, 0, 0, 0));
      if (demands.containsKey(budget.id())) {
        wanted.put(budget.id(), budget);
      }
    }
    if (!wanted.isEmpty() && !request.leaving()) {
      // In one order everywhere, so that two requests never wait for each other.
      jdbi.get()
          .useTransaction(
              handle ->
                  wanted.forEach(
                      (id, budget) -> {
                        BudgetDemand demand = demands.get(id);
                        if (demand != null) {
                          leases.put(id, share(handle, budget, demand, request.node()));
                        }
                      }));
    }
    return new ArrayList<>(leases.values());
  }

  private static List<Budget> budgets(Handle handle, TenantScope tenants) {
    boolean some = tenants instanceof TenantScope.Only;
    Query query =
        handle.createQuery(
            Budget.SELECT
                + (some ? " WHERE b.tenant = ANY(:tenants)" : "")
                + " ORDER BY b.id LIMIT "
                + MOST);
    if (tenants instanceof TenantScope.Only only) {
      query.bindArray("tenants", String.class, only.tenants());
    }
    return query.map((row, context) -> Budget.of(row)).list();
  }

  private static BudgetLease share(Handle handle, Budget budget, BudgetDemand demand, String node) {
    String id = "budget/" + budget.id();
    long revision = Leases.locked(handle, id);
    long now = Leases.millis(handle);
    Leases.forget(handle, id, node, demand.holds(), now);
    BudgetState.Spent spent = BudgetState.of(handle, budget, Instant.ofEpochMilli(now)).state();
    Long tokens = budget.tokens();
    double whole =
        budget.usd() == null ? (tokens == null ? 0 : tokens) : budget.usd().doubleValue();
    double left =
        whole
            - (budget.usd() == null ? spent.tokens() : spent.usd().doubleValue())
            - demand.unsent();
    List<Other> others =
        handle
            .createQuery(
                // What others had not sent is noted as their total; all of it may still be to come.
                "SELECT max(granted) + (array_agg(total ORDER BY revision DESC))[1] AS reserved,"
                    + " (array_agg(demand ORDER BY revision DESC))[1] AS demand"
                    + " FROM lease_grants WHERE limit_id = :id AND node <> :node GROUP BY node")
            .bind("id", id)
            .bind("node", node)
            .map((row, context) -> new Other(row.getDouble("reserved"), row.getDouble("demand")))
            .list();
    double granted = granted(left, demand.demand(), others);
    long notAfter = now + Leases.LIFETIME_MILLIS;
    Leases.note(handle, id, node, revision, granted, demand.demand(), demand.unsent(), notAfter);
    return definition(budget, granted, notAfter, revision, resets(budget, spent, now));
  }

  /** A part of what is left by what was spent lately, and no more than others leave of it. */
  static double granted(double left, double demand, List<Other> others) {
    double demands = demand;
    double reserved = 0;
    for (Other other : others) {
      demands += other.demand();
      reserved += other.reserved();
    }
    double even = 1.0 / (others.size() + 1);
    double byDemand = demands > 0 ? demand / demands : even;
    double wanted = left * MOST_AT_ONCE * (EVENLY * even + (1 - EVENLY) * byDemand);
    return Math.max(0, Math.min(wanted, left - reserved));
  }

  /**
   * When something is free again: at the end of a calendar's time, or as the oldest hour leaves.
   */
  private static long resets(Budget budget, BudgetState.Spent spent, long now) {
    long hour = 3_600_000L;
    return budget.windowKind().equals(Span.CALENDAR)
        ? Instant.parse(spent.until()).toEpochMilli()
        : (now / hour + 1) * hour;
  }

  private static BudgetLease definition(
      Budget budget, @Nullable Double granted, long notAfter, long revision, long resetsAt) {
    return new BudgetLease(
        budget.id(),
        budget.tenant(),
        Dimension.of(budget.dimension()),
        budget.key(),
        budget.usd() == null ? BudgetLease.Unit.TOKENS : BudgetLease.Unit.USD,
        budget.enforcement().equals("hard") ? Limit.Action.LIMIT : Limit.Action.FLAG,
        granted,
        notAfter,
        revision,
        resetsAt);
  }
}
