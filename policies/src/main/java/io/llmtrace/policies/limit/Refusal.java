package io.llmtrace.policies.limit;

/**
 * A limit that an exchange is over.
 *
 * @param limit name of the limit
 * @param kind what it limits
 * @param action what the limit wants done
 * @param retryAfterSeconds when to try again, 1 to {@link #MOST_SECONDS}; longer only of a budget
 *     that nodes share and of which nothing is left, until its time ends; 0 where that is no use
 */
public record Refusal(String limit, LimitKind kind, Limit.Action action, int retryAfterSeconds) {
  /** Clients of OpenAI and Anthropic wait themselves only where they are told at most a minute. */
  public static final int MOST_SECONDS = 60;

  private static final long SECOND = 1_000_000_000L;

  /** Of a budget that nodes spend from together. */
  static Refusal ofBudget(String name, Limit.Action action, long waitNanos) {
    long seconds = Math.min(Integer.MAX_VALUE, Math.max(1, (waitNanos + SECOND - 1) / SECOND));
    return new Refusal(name, LimitKind.COST_USD, action, (int) seconds);
  }

  /**
   * Of a rule of a policy.
   *
   * @param rule name of the rule, with its policy's
   * @param waitNanos until a request might pass; 0 where nobody knows
   */
  public static Refusal ofRule(String rule, long waitNanos) {
    long seconds = Math.min(MOST_SECONDS, (waitNanos + SECOND - 1) / SECOND);
    return new Refusal(rule, LimitKind.REQUESTS_PER_MINUTE, Limit.Action.LIMIT, (int) seconds);
  }

  static Refusal of(Limit limit, LimitKind kind, long waitNanos) {
    long seconds = Math.min(MOST_SECONDS, Math.max(1, (waitNanos + SECOND - 1) / SECOND));
    return new Refusal(limit.name(), kind, limit.action(), kind.passes() ? (int) seconds : 0);
  }
}
