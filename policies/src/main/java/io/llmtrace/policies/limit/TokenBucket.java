package io.llmtrace.policies.limit;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A bucket that holds a minute's worth and fills evenly. Thread-safe, without a lock.
 *
 * <p>Times are nanoseconds of one monotonic clock, at most those of this century.
 */
final class TokenBucket {
  /*
   * The whole state is one number, the time at which the bucket will be full again: the
   * "theoretical arrival time" of the generic cell rate algorithm (ITU-T I.371, annex A). Taking n
   * moves it by n intervals, giving back moves it back by the same, so that a refund is exact and a
   * compare-and-set is all the synchronisation there is. Intervals are rounded up: never more
   * passes than capacity + rate × time.
   */
  private static final long MINUTE = 60_000_000_000L;

  /** A debt beyond an hour is forgiven: one absurd report must not close a key for years. */
  static final long MOST_DEBT = 60 * MINUTE;

  /** 10^7 × 6·10^10, twice, and the present in epoch nanoseconds are within a long. */
  static final long MOST_TOKENS = 10_000_000L;

  private final AtomicLong fullAt;
  private volatile long perMinute;

  /** A full bucket. */
  TokenBucket(long perMinute, long now) {
    this.perMinute = perMinute;
    this.fullAt = new AtomicLong(now);
  }

  /**
   * Takes so many, or nothing. More than the bucket holds is given when it is full, as a debt:
   * otherwise such a request could never pass.
   *
   * @return 0 if they were taken, otherwise nanoseconds until they might be
   */
  long take(long tokens, long now) {
    long cost = cost(tokens);
    while (true) {
      long full = fullAt.get();
      long from = Math.max(full, now);
      long wait = wait(cost, from, now);
      if (wait > 0) {
        return wait;
      }
      if (fullAt.compareAndSet(full, from + cost)) {
        return 0;
      }
    }
  }

  /** 0 if one could be taken now, otherwise nanoseconds until it could. */
  long waitForOne(long now) {
    return wait(cost(1), Math.max(fullAt.get(), now), now);
  }

  private static long wait(long cost, long from, long now) {
    return cost > MINUTE ? from - now : Math.max(0, from + cost - now - MINUTE);
  }

  /** Replaces what was taken by what it came to; a debt may remain. */
  void settle(long taken, long actual, long now) {
    long change = cost(actual) - cost(taken);
    while (change != 0) {
      long full = fullAt.get();
      long next =
          change > 0 ? Math.min(Math.max(full, now) + change, now + MOST_DEBT) : full + change;
      // A debt that was there already stays; it is only the new one that is bounded.
      if (fullAt.compareAndSet(full, change > 0 ? Math.max(full, next) : next)) {
        return;
      }
    }
  }

  boolean isFull(long now) {
    return fullAt.get() <= now;
  }

  /**
   * Changes the rate and with it what the bucket holds. What is in it stays, as far as it holds
   * that much, and so does a debt: where a limit moves from node to node, all buckets together
   * never hold more than the limit, and a share that moves brings nothing with it.
   */
  synchronized void rate(long changed, long now) {
    long before = perMinute;
    if (before == changed) {
      return;
    }
    fullAt.updateAndGet(
        full -> {
          double there = (double) (MINUTE - Math.max(0, full - now)) * before / changed;
          return now + (long) Math.max(0, MINUTE - there);
        });
    perMinute = changed;
  }

  /** The same, which costs a look where the rate is what it was. */
  void changeTo(long wanted, long now) {
    if (perMinute != wanted) {
      rate(wanted, now);
    }
  }

  private long cost(long tokens) {
    long bounded = Math.max(0, Math.min(tokens, MOST_TOKENS));
    long rate = perMinute;
    return (bounded * MINUTE + rate - 1) / rate;
  }
}
