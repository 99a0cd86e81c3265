package io.llmtrace.policies.detect;

import java.util.function.LongSupplier;

/**
 * How long an inspection may still take. Detectors ask {@link #spent()} between pieces of work of
 * at most a few hundred microseconds and stop when it is true. Thread-safe: the thread that
 * enforces the deadline may {@link #cancel()} while a worker reads.
 */
public final class InspectionBudget {
  private final LongSupplier nanoTime;
  private final long deadline;
  private volatile boolean cancelled;

  private InspectionBudget(LongSupplier nanoTime, long deadline) {
    this.nanoTime = nanoTime;
    this.deadline = deadline;
  }

  /** A budget that ends when {@link System#nanoTime()} reaches {@code deadlineNanos}. */
  public static InspectionBudget until(long deadlineNanos) {
    return new InspectionBudget(System::nanoTime, deadlineNanos);
  }

  /** The same, on a clock of the caller's. */
  public static InspectionBudget until(long deadlineNanos, LongSupplier nanoTime) {
    return new InspectionBudget(nanoTime, deadlineNanos);
  }

  /** A budget that only {@link #cancel()} ends: for tools, where nobody waits at a gateway. */
  public static InspectionBudget unlimited() {
    return new InspectionBudget(() -> 0, 1);
  }

  /** Ends the budget now: nobody waits for the result any more. */
  public void cancel() {
    cancelled = true;
  }

  public boolean spent() {
    return cancelled || nanoTime.getAsLong() - deadline >= 0;
  }
}
