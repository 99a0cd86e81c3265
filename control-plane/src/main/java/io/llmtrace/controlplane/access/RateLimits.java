package io.llmtrace.controlplane.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.llmtrace.runtime.config.RateLimitConfig;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A token bucket for each caller, as a time at which it is full again (generic cell rate
 * algorithm). A caller of long ago has a full one, so that forgetting one changes nothing. Bounded
 * in memory; thread-safe.
 */
final class RateLimits {
  private static final int MOST = 10_000;

  /**
   * What a request found.
   *
   * @param remaining requests that would pass now
   * @param delay until this one would pass; zero where it did
   * @param full until all of the burst is there again
   */
  record Taken(long remaining, Duration delay, Duration full) {
    boolean passes() {
      return delay.isZero();
    }
  }

  private final Ticker ticker;
  private final long each;
  private final int burst;
  private final String policy;
  private final Cache<String, Long> fullAt;

  RateLimits(RateLimitConfig config, Ticker ticker) {
    this.ticker = ticker;
    this.each = TimeUnit.SECONDS.toNanos(1) / config.requestsPerSecond();
    this.burst = config.burst();
    this.policy = "\"key\";q=" + burst + ";w=" + seconds(Duration.ofNanos(each * burst));
    this.fullAt =
        Caffeine.newBuilder()
            .ticker(ticker)
            .maximumSize(MOST)
            .expireAfterWrite(Duration.ofNanos(each * (burst + 1L)).plusSeconds(1))
            .build();
  }

  /** Takes one of a caller's tokens if there is one. */
  Taken take(String actor) {
    long now = ticker.read();
    Taken[] taken = {new Taken(0, Duration.ZERO, Duration.ZERO)};
    fullAt
        .asMap()
        .compute(
            actor,
            (key, known) -> {
              long before = known == null || known < now ? now : known;
              long after = before + each;
              long over = after - now - each * burst;
              if (over > 0) {
                taken[0] = new Taken(0, Duration.ofNanos(over), Duration.ofNanos(before - now));
                return before;
              }
              taken[0] = new Taken(-over / each, Duration.ZERO, Duration.ofNanos(after - now));
              return after;
            });
    return taken[0];
  }

  /** Callers held, for tests. */
  long remembered() {
    fullAt.cleanUp();
    return fullAt.estimatedSize();
  }

  /** As {@code RateLimit-Policy} says it: a burst, and the seconds in which it comes again. */
  String policy() {
    return policy;
  }

  static long seconds(Duration duration) {
    return duration.plusNanos(TimeUnit.SECONDS.toNanos(1) - 1).toSeconds();
  }
}
