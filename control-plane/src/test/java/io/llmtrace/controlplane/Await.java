package io.llmtrace.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waits for what others do, and no longer than that takes. Stateless. */
public final class Await {
  /** Those who ask again and again with what is not valid yet must not be taken for guessers. */
  private static final long PAUSE_MILLIS = 100;

  private Await() {}

  /**
   * Waits until a condition holds.
   *
   * @throws AssertionError when it does not in time
   */
  public static void until(Duration longest, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + longest.toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as("within %s", longest).isLessThan(end);
      Thread.sleep(PAUSE_MILLIS);
    }
  }
}
