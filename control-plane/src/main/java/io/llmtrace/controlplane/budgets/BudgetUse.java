package io.llmtrace.controlplane.budgets;

import io.llmtrace.controlplane.statistics.Dimension;
import io.llmtrace.controlplane.statistics.Spending;
import io.llmtrace.policies.limit.Window;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/**
 * How much of a budget is spent, for who has to tell of it.
 *
 * @param about what it is for: {@code tenant}, or such as {@code route chat}
 * @param percent of the budget, rounded down
 * @param reached the highest of its thresholds that is reached, percent; 0 for none
 * @param spent such as {@code 12.5 USD} or {@code 1000 tokens}
 * @param whole the budget, in the same words
 * @param until when its window ends; of a rolling one, now
 */
public record BudgetUse(
    String id,
    String name,
    String tenant,
    String about,
    long percent,
    int reached,
    String spent,
    String whole,
    String until) {

  /** Sums that one statement asks for; a tenant has no more of a kind. */
  private static final int MOST_SUMS = 100_000;

  private record Asked(Dimension dimension, String window, String kind) {}

  private record Whose(String tenant, String name) {}

  /** All budgets. One statement for each kind of window and thing that budgets are for. */
  public static List<BudgetUse> all(Handle handle, Instant now) {
    Map<Asked, List<Budget>> budgets = new HashMap<>();
    handle
        .createQuery(Budget.SELECT)
        .map((row, context) -> Budget.of(row))
        .forEach(
            budget ->
                budgets
                    .computeIfAbsent(
                        new Asked(
                            Dimension.valueOf(budget.dimension().toUpperCase(Locale.ROOT)),
                            budget.window(),
                            budget.windowKind()),
                        key -> new ArrayList<>())
                    .add(budget));
    List<BudgetUse> uses = new ArrayList<>();
    budgets.forEach((asked, some) -> uses.addAll(uses(handle, now, asked, some)));
    return uses;
  }

  private static List<BudgetUse> uses(
      Handle handle, Instant now, Asked asked, List<Budget> budgets) {
    Span span = Span.of(Window.of(asked.window()), asked.kind(), now);
    Map<Whose, List<Spending.Sum>> sums = new HashMap<>();
    for (Spending.Sum sum :
        Spending.by(
            handle,
            asked.dimension(),
            budgets.stream().map(Budget::tenant).distinct().toList(),
            null,
            span.from(),
            span.until(),
            MOST_SUMS)) {
      String name = asked.dimension() == Dimension.MODEL ? sum.key2() : sum.key();
      sums.computeIfAbsent(new Whose(sum.tenant(), name), key -> new ArrayList<>()).add(sum);
    }
    return budgets.stream()
        .map(
            budget ->
                of(
                    BudgetState.of(
                        budget,
                        span,
                        sums.getOrDefault(new Whose(budget.tenant(), budget.key()), List.of()))))
        .toList();
  }

  private static BudgetUse of(BudgetState state) {
    Budget budget = state.budget();
    BudgetState.Spent spent = state.state();
    boolean dollars = budget.usd() != null;
    return new BudgetUse(
        budget.id(),
        budget.name(),
        budget.tenant(),
        budget.key().isEmpty() ? budget.dimension() : budget.dimension() + " " + budget.key(),
        spent.percent(),
        spent.reached(),
        dollars
            ? spent.usd().stripTrailingZeros().toPlainString() + " USD"
            : spent.tokens() + " tokens",
        budget.usd() != null
            ? budget.usd().stripTrailingZeros().toPlainString() + " USD"
            : budget.tokens() + " tokens",
        spent.until());
  }
}
