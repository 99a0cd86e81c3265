package io.llmtrace.policies.limit;

import org.jspecify.annotations.Nullable;

/** What the limits say to one exchange, and what they hold for it. Thread-safe. */
public final class Admission {
  /** Of an exchange that no limit is for. */
  static final Admission FREE = new Admission(new Subject("", "", "", "", "", false), 0, 0);

  private static final long NOT_TAKEN = -1;

  /** What one limit said. */
  public enum Result {
    /** It was not asked, or another limit refused. */
    NONE,
    PASSED,
    OVER
  }

  /** Who may still change an admission; guarded by it. */
  enum State {
    ASKING,
    FORWARDED,
    ENDED
  }

  final Subject subject;
  final long at;
  final @Nullable Counters[] held;
  final Result[] results;
  private final long[] tokens;
  private final boolean[] runs;
  private final boolean[] counted;
  private SharedBudget[] budgets = {};
  private boolean budgetsAsked;
  State state = State.ASKING;
  String model = "";
  private volatile @Nullable Refusal hard;
  private volatile @Nullable Refusal soft;

  Admission(Subject subject, int limits, long now) {
    this.subject = subject;
    this.at = now;
    this.held = new Counters[limits];
    this.results = new Result[limits];
    this.tokens = new long[limits];
    this.runs = new boolean[limits];
    this.counted = new boolean[limits];
    java.util.Arrays.fill(tokens, NOT_TAKEN);
    java.util.Arrays.fill(results, Result.NONE);
  }

  /** The hard limit that refuses the exchange, or null. */
  public @Nullable Refusal refusal() {
    return hard;
  }

  /** The first soft limit that it is over, or null. */
  public @Nullable Refusal flag() {
    return soft;
  }

  /** What a limit said, by its place in {@link Limiter#limits()}. */
  public Result result(int limit) {
    return limit < results.length ? results[limit] : Result.NONE;
  }

  /** Whether budgets that nodes share were asked; they are not in {@link #result}. */
  public synchronized Result budgets() {
    Refusal over = hard != null ? hard : soft;
    if (over != null && over.limit().startsWith(SharedBudgets.PREFIX)) {
      return Result.OVER;
    }
    return budgetsAsked && hard == null ? Result.PASSED : Result.NONE;
  }

  synchronized boolean isAsking() {
    return state == State.ASKING && hard == null;
  }

  boolean isHeld() {
    for (Counters counters : held) {
      if (counters != null) {
        return true;
      }
    }
    return budgets.length > 0;
  }

  /**
   * Asks budgets that nodes share, and holds them whatever they say: an exchange that goes on all
   * the same costs something. Under the admission's lock.
   */
  void spendsFrom(SharedBudget[] more, Sharing sharing, long now) {
    if (more.length == 0) {
      return;
    }
    if (budgets.length == 0) {
      // Most exchanges have those of one dimension, and take them as they are.
      budgets = more;
    } else {
      SharedBudget[] both = java.util.Arrays.copyOf(budgets, budgets.length + more.length);
      System.arraycopy(more, 0, both, budgets.length, more.length);
      budgets = both;
    }
    for (SharedBudget budget : more) {
      budget.touch(now);
      if (hard != null) {
        continue;
      }
      budgetsAsked = true;
      if (budget.isOver(now, sharing)) {
        Refusal refusal = Refusal.ofBudget(budget.name(), budget.action(), budget.waitNanos(now));
        if (refusal.action() == Limit.Action.FLAG) {
          soft = soft == null ? refusal : soft;
        } else {
          refuse(refusal);
        }
      }
    }
  }

  /** Asks for what needs no body; under the admission's lock. */
  void enter(int i, Counters counters, long now) {
    held[i] = counters;
    Limit limit = counters.limit;
    counters.asked();
    LimitKind closed = counters.closed();
    if (closed != null) {
      over(i, Refusal.of(limit, closed, Counters.CLOSED_NANOS));
      return;
    }
    if (subject.completes() && counters.overBudget(now)) {
      over(i, Refusal.of(limit, LimitKind.COST_USD, 0));
      return;
    }
    if (counters.tokens != null) {
      long wait = counters.tokens.waitForOne(now);
      if (wait > 0) {
        over(i, Refusal.of(limit, LimitKind.TOKENS_PER_MINUTE, wait));
        return;
      }
    }
    if (limit.rates().concurrent() > 0 && subject.completes()) {
      if (!counters.enter()) {
        over(i, Refusal.of(limit, LimitKind.CONCURRENT, 0));
        return;
      }
      runs[i] = true;
    }
    if (counters.requests != null) {
      long wait = counters.requests.take(1, now);
      if (wait > 0) {
        over(i, Refusal.of(limit, LimitKind.REQUESTS_PER_MINUTE, wait));
        return;
      }
      counted[i] = true;
    }
    results[i] = Result.PASSED;
  }

  /** Asks for what the body tells; under the admission's lock. */
  void read(int i, Counters counters, Demand demand, long now) {
    Limit limit = counters.limit;
    LimitKind large = tooLarge(limit.size(), demand);
    if (large != null) {
      over(i, Refusal.of(limit, large, 0));
      return;
    }
    if (limit.budget().unknown() == Limit.UnknownCost.BLOCK
        && subject.completes()
        && counters.costUnknown(model, now)) {
      over(i, Refusal.of(limit, LimitKind.COST_USD, 0));
      return;
    }
    if (counters.tokens != null) {
      long prompt = Math.max(0, demand.promptTokens());
      long wait = counters.tokens.take(prompt, now);
      if (wait > 0) {
        over(i, Refusal.of(limit, LimitKind.TOKENS_PER_MINUTE, wait));
        return;
      }
      tokens[i] = prompt;
    }
  }

  private static @Nullable LimitKind tooLarge(Limit.Size size, Demand demand) {
    long prompt = demand.promptTokens();
    long completion = Math.max(0, demand.completionTokens());
    if (size.promptTokens() > 0 && prompt > size.promptTokens()) {
      return LimitKind.PROMPT_TOKENS;
    }
    if (size.completionTokens() > 0 && completion > size.completionTokens()) {
      return LimitKind.COMPLETION_TOKENS;
    }
    // Not the sum: two large numbers of a client's own choice could make it negative.
    boolean over = size.totalTokens() > 0 && completion > size.totalTokens() - prompt;
    return over ? LimitKind.TOTAL_TOKENS : null;
  }

  /**
   * This limit takes nothing from a request that it refuses, nor does any other from a hard one.
   */
  private void over(int i, Refusal refusal) {
    giveBack(i, Long.MIN_VALUE);
    results[i] = Result.OVER;
    if (refusal.action() == Limit.Action.FLAG) {
      soft = soft == null ? refusal : soft;
      return;
    }
    refuse(refusal);
  }

  private void refuse(Refusal refusal) {
    hard = refusal;
    for (int other = 0; other < held.length; other++) {
      giveBack(other, Long.MIN_VALUE);
      if (results[other] == Result.PASSED) {
        results[other] = Result.NONE;
      }
    }
  }

  private void giveBack(int i, long now) {
    Counters counters = held[i];
    if (counters == null) {
      return;
    }
    if (counted[i] && counters.requests != null) {
      counters.requests.settle(1, 0, now);
      counted[i] = false;
    }
    settleTokens(i, 0, now);
    leave(i);
  }

  /** The tokens and the place of an exchange that somebody else stopped; its requests count. */
  void stopped(long now) {
    for (int i = 0; i < held.length; i++) {
      settleTokens(i, 0, now);
      leave(i);
    }
  }

  /** Ends its being concurrent, whatever becomes of it. */
  boolean leaveAll() {
    boolean left = false;
    for (int i = 0; i < held.length; i++) {
      left |= leave(i);
    }
    return left;
  }

  void ended(Spent spent, long now) {
    leaveAll();
    Double cost = spent.costUsd();
    if (spent.served()) {
      for (SharedBudget budget : budgets) {
        budget.spend(spent);
      }
    }
    for (int i = 0; i < held.length; i++) {
      Counters counters = held[i];
      if (counters == null) {
        continue;
      }
      if (!spent.served()) {
        settleTokens(i, 0, now);
      } else if (spent.tokens() >= 0) {
        settleTokens(i, spent.tokens(), now);
      }
      if (spent.served() && cost != null) {
        counters.spend(cost, now);
      }
      if (spent.served()
          && (cost != null || spent.tokens() >= 0)
          && counters.limit.budget().unknown() == Limit.UnknownCost.BLOCK) {
        // Tokens without a cost are a price that is not known; without tokens it says nothing.
        counters.costOf(model, cost != null, now);
      }
    }
  }

  /*
   * A body that nobody read took nothing beforehand, but what it took in the end counts. A request
   * that a limit refused and that went on all the same (observed, or flagged) takes nothing from it,
   * so that the limit goes on saying what it would say if it were enforced.
   */
  private void settleTokens(int i, long actual, long now) {
    Counters counters = held[i];
    if (counters == null || counters.tokens == null) {
      return;
    }
    if (tokens[i] == NOT_TAKEN && results[i] != Result.PASSED) {
      return;
    }
    counters.tokens.settle(Math.max(0, tokens[i]), actual, now);
    counters.tokensTook(actual);
    tokens[i] = NOT_TAKEN;
  }

  private boolean leave(int i) {
    Counters counters = held[i];
    if (counters == null || !runs[i]) {
      return false;
    }
    runs[i] = false;
    counters.leave();
    return true;
  }
}
