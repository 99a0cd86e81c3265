package io.llmtrace.plugin.inspection;

import io.netty.util.HashedWheelTimer;
import io.netty.util.Timeout;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that runs what is due, never early and {@value #TICK_MILLIS} ms late at most while the
 * machine keeps up. Nearly all deadlines are called off, so both take no lock: a wheel.
 * Thread-safe.
 */
final class Deadlines implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Deadlines.class);

  /** The thread wakes as often, idle or not: half a percent of a core. */
  static final long TICK_MILLIS = 2;

  /** A round of a second: most budgets are shorter. */
  private static final int TICKS = 512;

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final HashedWheelTimer wheel =
      new HashedWheelTimer(
          new DefaultThreadFactory("llmtrace-deadline", true),
          TICK_MILLIS,
          TimeUnit.MILLISECONDS,
          TICKS,
          false);
  private volatile boolean closing;

  /**
   * Has a task run later; it must not wait for anything.
   *
   * @param nanos from now; what is due already runs at the next tick
   * @throws RejectedExecutionException while closing
   */
  Timeout in(long nanos, Runnable task) {
    if (closing) {
      throw new RejectedExecutionException("no new deadlines while closing");
    }
    try {
      return wheel.newTimeout(timeout -> task.run(), nanos, TimeUnit.NANOSECONDS);
    } catch (IllegalStateException e) {
      throw new RejectedExecutionException("no new deadlines after closing", e);
    }
  }

  /** Takes no more and waits for what is pending, two seconds at most. */
  @Override
  public void close() {
    closing = true;
    long start = System.nanoTime();
    try {
      while (wheel.pendingTimeouts() > 0 && System.nanoTime() - start < PATIENCE_NANOS) {
        TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    long left = wheel.stop().stream().filter(timeout -> !timeout.isCancelled()).count();
    if (left > 0) {
      LOG.warn("{} deadlines left behind at the end", left);
    }
  }
}
