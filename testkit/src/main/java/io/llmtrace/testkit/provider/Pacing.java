package io.llmtrace.testkit.provider;

import java.time.Duration;

/**
 * How fast a model answers.
 *
 * @param firstToken from the request to the first token
 * @param tokensPerSecond once it has begun
 * @param jitter the share by which a pause between tokens may be longer or shorter, 0 to 1
 * @param seed of the jitter: every answer of one provider has the same pauses
 */
public record Pacing(Duration firstToken, double tokensPerSecond, double jitter, long seed) {
  /** Fast and even, for tests: a token each 10 ms. */
  public static final Pacing FAST = new Pacing(Duration.ZERO, 100, 0, 0);

  /**
   * Of the order of a hosted chat model: a first token after 400 ms, then 60 a second, unevenly.
   */
  public static final Pacing REALISTIC = new Pacing(Duration.ofMillis(400), 60, 0.5, 1);

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException for a speed that is not positive or a jitter outside 0 to 1
   */
  public Pacing {
    if (!(tokensPerSecond > 0) || !(jitter >= 0 && jitter <= 1)) {
      throw new IllegalArgumentException(
          "expected a positive speed and a jitter from 0 to 1, got "
              + tokensPerSecond
              + ", "
              + jitter);
    }
  }

  /**
   * The pause before a token but the first.
   *
   * @param chance evenly from 0 to 1
   */
  long pauseNanos(double chance) {
    return (long) (1e9 / tokensPerSecond * (1 + jitter * (2 * chance - 1)));
  }
}
