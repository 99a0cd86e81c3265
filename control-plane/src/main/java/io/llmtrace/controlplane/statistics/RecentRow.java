package io.llmtrace.controlplane.statistics;

/**
 * What is counted of ten seconds.
 *
 * @param bucket where they begin, epoch seconds
 * @param sums not to be changed
 */
public record RecentRow(long bucket, RecentKeys keys, RecentSums sums) {
  /** Seconds of a bucket. */
  public static final int SECONDS = 10;

  /** Where the bucket of a time begins, epoch seconds. */
  public static long bucketOf(long epochMillis) {
    return Math.floorDiv(epochMillis, SECONDS * 1_000L) * SECONDS;
  }
}
