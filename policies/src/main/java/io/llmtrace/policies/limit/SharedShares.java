package io.llmtrace.policies.limit;

import io.llmtrace.policies.wire.BudgetLease;
import io.llmtrace.policies.wire.LeaseRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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

  List<LeaseRequest.Demand> demands(long now) {
    List<LeaseRequest.Demand> demands = new ArrayList<>();
    for (LimitTable table : tables) {
      table.demands(demands, now - IDLE_NANOS, now);
    }
    return demands;
  }

  List<SharedBudget> wantedBudgets(long now) {
    return budgets.all().stream().filter(each -> each.isWanted(now, IDLE_NANOS)).toList();
  }

  boolean isUrgent(long now) {
    for (LimitTable table : tables) {
      if (table.lacksShares(now - IDLE_NANOS, now)) {
        return true;
      }
    }
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
