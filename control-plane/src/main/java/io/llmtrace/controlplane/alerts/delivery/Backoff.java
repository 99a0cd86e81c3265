package io.llmtrace.controlplane.alerts.delivery;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When to try again: somewhere between nothing and a bound that doubles, so that messages that
 * failed together do not come back together. Stateless.
 */
final class Backoff {
  /** From its first attempt on, until it is parked. */
  static final Duration GIVE_UP = Duration.ofHours(24);

  /** What a service may ask for at most; more is asked again. */
  static final Duration LONGEST = Duration.ofHours(1);

  private static final Duration FIRST = Duration.ofSeconds(2);
  private static final Duration BOUND = Duration.ofMinutes(15);
  private static final int DOUBLINGS = 20;

  private Backoff() {}

  /**
   * The pause before the next attempt.
   *
   * @param attempts so far, from 1
   * @param asked what the service asked for, which is never cut short but to {@link #LONGEST}
   */
  static Duration after(int attempts, @Nullable Duration asked, RandomGenerator random) {
    long bound =
        Math.min(
            BOUND.toMillis(), FIRST.toMillis() << Math.min(DOUBLINGS, Math.max(0, attempts - 1)));
    Duration own = Duration.ofMillis(random.nextLong(bound + 1));
    return asked == null ? own : bounded(asked).plus(own.dividedBy(10));
  }

  static Duration bounded(Duration asked) {
    return asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
  }
}
