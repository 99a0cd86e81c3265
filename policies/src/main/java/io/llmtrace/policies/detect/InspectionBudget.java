package io.llmtrace.policies.detect;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How long an inspection may still take. Detectors ask {@link #spent()} between pieces of work of
 * at most a few hundred microseconds and stop when it is true. Thread-safe: the thread that
 * enforces the deadline may {@link #cancel()} while a worker reads.
 *
 * <p>A detector that stops at a bound of its own, such as a number of arguments, says so by {@link
 * #leaveOut()}: time was left, and still a part was not read.
 */
public final class InspectionBudget {
  private final LongSupplier nanoTime;
  private final long deadline;
  private final @Nullable InspectionBudget whole;
  private final AtomicInteger leftOut = new AtomicInteger();
  private volatile boolean cancelled;

  private InspectionBudget(LongSupplier nanoTime, long deadline, @Nullable InspectionBudget whole) {
    this.nanoTime = nanoTime;
    this.deadline = deadline;
    this.whole = whole;
  }

  /** A budget that ends when {@link System#nanoTime()} reaches {@code deadlineNanos}. */
  public static InspectionBudget until(long deadlineNanos) {
    return new InspectionBudget(System::nanoTime, deadlineNanos, null);
  }

  /** The same, on a clock of the caller's. */
  public static InspectionBudget until(long deadlineNanos, LongSupplier nanoTime) {
    return new InspectionBudget(nanoTime, deadlineNanos, null);
  }

  /** A budget that only {@link #cancel()} ends: for tools, where nobody waits at a gateway. */
  public static InspectionBudget unlimited() {
    return new InspectionBudget(() -> 0, Long.MAX_VALUE / 2, null);
  }

  /**
   * A part of what is left, for a stage that must not take everything from those after it. It is
   * spent at the latest when this is.
   *
   * @param part between 0 and 1
   */
  public InspectionBudget share(double part) {
    long now = nanoTime.getAsLong();
    return new InspectionBudget(nanoTime, now + (long) Math.ceil((deadline - now) * part), this);
  }

  /**
   * What is left but for some time at the end, which those after it need; spent at the latest when
   * this is.
   *
   * @param nanos that time
   * @param least the part of what is left, between 0 and 1, that it is in any case
   */
  public InspectionBudget sparing(long nanos, double least) {
    long now = nanoTime.getAsLong();
    long left = deadline - now;
    long taken = Math.max(left - nanos, (long) Math.ceil(left * least));
    return new InspectionBudget(nanoTime, now + taken, this);
  }

  /** Ends the budget now: nobody waits for the result any more. */
  public void cancel() {
    cancelled = true;
  }

  /**
   * Whether there is time for work that cannot be interrupted.
   *
   * @param nanos how long it takes
   */
  public boolean allows(long nanos) {
    return !cancelled
        && nanoTime.getAsLong() + nanos - deadline < 0
        && (whole == null || whole.allows(nanos));
  }

  public boolean spent() {
    return cancelled || nanoTime.getAsLong() - deadline >= 0 || (whole != null && whole.spent());
  }

  /** A bound other than time ended the reading of a part: the receipt is to name the stage. */
  public void leaveOut() {
    leftOut.incrementAndGet();
    if (whole != null) {
      whole.leaveOut();
    }
  }

  /** How often a part was left out so far. */
  public int leftOut() {
    return leftOut.get();
  }
}
