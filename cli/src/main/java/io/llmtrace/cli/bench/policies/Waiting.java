package io.llmtrace.cli.bench.policies;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waits for what others do. Stateless. */
final class Waiting {
  private static final long PAUSE_MILLIS = 5;

  private Waiting() {}

  /**
   * Looks again and again.
   *
   * @throws IllegalStateException if it has not come true in time
   */
  static void until(String what, Duration longest, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + longest.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException("not within " + longest.toSeconds() + " s: " + what);
      }
      Thread.sleep(PAUSE_MILLIS);
    }
  }
}
