package io.llmtrace.policies.limit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** What of the limits and budgets of this node is shared with others. Thread-safe. */
final class SharedShares {
  /** What nobody used for so long needs no share; the one that it has ends by itself. */
  private static final long IDLE_NANOS = 60_000_000_000L;

  private final LimitTable[] tables;
  private final Sharing sharing;
  private volatile SharedBudgets budgets = SharedBudgets.NONE;

  SharedShares(LimitTable[] tables, Sharing sharing) {
    this.tables = tables;
    this.sharing = sharing;
  }

  SharedBudgets budgets() {
    return budgets;
  }

  boolean hasBudgets() {
    return !budgets.isEmpty();
  }

  boolean isShared() {
    return hasBudgets()
        || Arrays.stream(tables).anyMatch(each -> each.limit.nodes() == Limit.Nodes.SHARE);
  }

  Sharing sharing() {
    return sharing;
  }

  /** What is needed of keys that may be asked for. */
  List<LeaseRequest.Demand> demands(long now, Predicate<Map<Dimension, String>> askable) {
    List<LeaseRequest.Demand> demands = new ArrayList<>();
    for (LimitTable table : tables) {
      table.demands(demands, askable, now - IDLE_NANOS, now);
    }
    return demands;
  }

  List<SharedBudget> wantedBudgets(long now) {
    return budgets.all().stream().filter(each -> each.isWanted(now, IDLE_NANOS)).toList();
  }

  /** Whether a key that may be asked for has no share. */
  boolean lacksShares(long now, Predicate<Map<Dimension, String>> askable) {
    return Arrays.stream(tables)
        .anyMatch(table -> table.lacksShares(askable, now - IDLE_NANOS, now));
  }

  boolean hasUrgentBudgets(long now) {
    return budgets.all().stream()
        .anyMatch(each -> each.isWanted(now, IDLE_NANOS) && each.isUrgent(now));
  }

  void define(List<BudgetLease> definitions, Limit.Alone alone, long now) {
    budgets = budgets.with(definitions, alone, now);
  }

  synchronized void mark(long now) {
    for (SharedBudget budget : budgets.all()) {
      budget.mark(now);
    }
  }

  synchronized LeaseRequest.BudgetDemand demand(SharedBudget budget, long acknowledged, long now) {
    return budget.demand(acknowledged, now);
  }
}
