package io.llmtrace.policies.limit;

import io.llmtrace.policies.usage.PriceOverrides;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code POST /api/v1/ingest/leases} takes: what a process of a node lately needed of the
 * limits that it shares with others.
 *
 * @param node name of the node and of the process; two processes never share a lease
 * @param demands each (limit, key, kind, window) once
 * @param leaving whether the process ends: what it holds of {@code demands} is free, and it is
 *     given nothing
 * @param budgets each id once
 * @param prices revision of the {@link PriceOverrides} that it goes by; 0 for none
 */
public record LeaseRequest(
    String node, List<Demand> demands, boolean leaving, List<BudgetDemand> budgets, long prices) {
  public LeaseRequest {
    demands = List.copyOf(demands);
    budgets = budgets == null ? List.of() : List.copyOf(budgets);
  }

  /** A request for shares of limits alone. */
  public LeaseRequest(String node, List<Demand> demands) {
    this(node, demands, false, List.of(), 0);
  }

  /**
   * What is needed of a budget.
   *
   * @param id of the budget
   * @param unsent what the node has spent of it and the control plane has not acknowledged yet
   * @param demand what it spent lately in a minute
   * @param holds revision of the newest share that the node goes by; 0 for none
   */
  public record BudgetDemand(String id, double unsent, double demand, long holds) {}

  /**
   * What was needed of one limit.
   *
   * @param limit name of the limit
   * @param key value by dimension; empty where the limit counts by none
   * @param kind what of the limit is shared: a rate, a number at once, or cost
   * @param window of a cost, null for all else
   * @param total the whole limit as this node's configuration has it, in the unit of {@code
   *     granted}
   * @param demand what was asked for lately, refused requests included, in the same unit
   * @param holds revision of the newest lease that the node goes by; 0 for none
   */
  public record Demand(
      String limit,
      Map<Dimension, String> key,
      LimitKind kind,
      @Nullable Window window,
      double total,
      double demand,
      long holds) {
    public Demand {
      key = Map.copyOf(key);
    }
  }
}
