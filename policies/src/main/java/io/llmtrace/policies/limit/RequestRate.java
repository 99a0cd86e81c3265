package io.llmtrace.policies.limit;

/**
 * Requests of one key against a rate that may change; a minute's worth may come at once.
 * Thread-safe, without a lock while the rate stays.
 */
public final class RequestRate {
  private final TokenBucket bucket;

  /**
   * @param perMinute 1 to {@link Limit#MOST_PER_MINUTE}
   * @param now nanoseconds of a monotonic clock
   */
  public RequestRate(long perMinute, long now) {
    this.bucket = new TokenBucket(perMinute, now);
  }

  /**
   * Counts a request, if it is within the rate.
   *
   * @param perMinute the rate as it is now
   * @return 0 if it is, otherwise nanoseconds until one might be
   */
  public long take(long perMinute, long now) {
    bucket.changeTo(perMinute, now);
    return bucket.take(1, now);
  }
}
