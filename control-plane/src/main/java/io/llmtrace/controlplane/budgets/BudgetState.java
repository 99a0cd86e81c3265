package io.llmtrace.controlplane.budgets;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.llmtrace.controlplane.statistics.Dimension;
import io.llmtrace.controlplane.statistics.Spending;
import io.llmtrace.policies.limit.Window;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jdbi.v3.core.Handle;

/**
 * A budget and how much of it is spent.
 *
 * @param state what is spent
 */
record BudgetState(@JsonUnwrapped Budget budget, Spent state) {
  /**
   * What is spent of a budget.
   *
   * @param from start of the time that is summed up
   * @param until its end; of a calendar's window that is still to come
   * @param usd US dollars, as far as they are known
   * @param tokens of prompts and answers
   * @param percent of the budget, rounded down
   * @param reached the highest threshold that is reached; 0 for none
   * @param costUnknown requests whose cost is not known and not in it
   */
  record Spent(
      String from,
      String until,
      BigDecimal usd,
      long tokens,
      long percent,
      int reached,
      long costUnknown) {}

  private static final int MOST_PROVIDERS = 1_000;

  static BudgetState of(Handle handle, Budget budget, Instant now) {
    Span span = Span.of(Window.of(budget.window()), budget.windowKind(), now);
    List<Spending.Sum> sums =
        Spending.by(
            handle,
            Dimension.valueOf(budget.dimension().toUpperCase(Locale.ROOT)),
            List.of(budget.tenant()),
            budget.key().isEmpty() ? null : budget.key(),
            span.from(),
            span.until(),
            MOST_PROVIDERS);
    return of(budget, span, sums);
  }

  /**
   * Of sums that were read before.
   *
   * @param span that they are of
   */
  static BudgetState of(Budget budget, Span span, List<Spending.Sum> sums) {
    BigDecimal usd = BigDecimal.ZERO;
    long tokens = 0;
    long unknown = 0;
    // A model may come from several providers.
    for (Spending.Sum sum : sums) {
      usd = usd.add(sum.costUsd());
      tokens += sum.tokens();
      unknown += sum.costUnknown();
    }
    BigDecimal whole = budget.usd();
    Long most = budget.tokens();
    BigDecimal spent = whole == null ? BigDecimal.valueOf(tokens) : usd;
    BigDecimal limit = whole == null ? BigDecimal.valueOf(most == null ? 1 : most) : whole;
    long percent =
        spent
            .multiply(BigDecimal.valueOf(100))
            .divide(limit, 0, java.math.RoundingMode.DOWN)
            .min(BigDecimal.valueOf(1_000_000))
            .longValue();
    int reached =
        budget.thresholds().stream()
            .filter(each -> each <= percent)
            .max(Integer::compare)
            .orElse(0);
    return new BudgetState(
        budget,
        new Spent(
            span.from().toString(),
            span.until().toString(),
            usd,
            tokens,
            percent,
            reached,
            unknown));
  }
}
