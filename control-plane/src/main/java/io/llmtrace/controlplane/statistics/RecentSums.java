package io.llmtrace.controlplane.statistics;

import java.util.Arrays;

/** Sums over some exchanges of the last hours. Not thread-safe. */
public final class RecentSums {
  /**
   * Upper bounds of the durations that are counted, seconds: those of the metric {@code
   * llmtrace_request_duration_seconds}, so that both say the same. What is longer has a bucket
   * more.
   */
  private static final double[] BOUNDS = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

  /** Buckets of durations. */
  public static final int DURATIONS = BOUNDS.length + 1;

  private final long[] sums = new long[RecentSum.values().length];
  private final long[] durations = new long[DURATIONS];
  private double costUsd;
  private long lagMillis;

  public RecentSums add(RecentSum sum, long value) {
    sums[sum.place()] += value;
    return this;
  }

  public RecentSums addCost(double usd) {
    costUsd += usd;
    return this;
  }

  /** Counts exchanges of a duration. */
  public RecentSums addDuration(double seconds, long count) {
    int bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]) {
      bucket++;
    }
    durations[bucket] += count;
    return this;
  }

  /** Counts exchanges in a bucket of durations, from 0. */
  public RecentSums addDurations(int bucket, long count) {
    durations[bucket] += count;
    return this;
  }

  /** Notes how late something came. */
  public RecentSums lag(long millis) {
    lagMillis = Math.max(lagMillis, millis);
    return this;
  }

  public RecentSums add(RecentSums other) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += other.sums[i];
    }
    for (int i = 0; i < durations.length; i++) {
      durations[i] += other.durations[i];
    }
    costUsd += other.costUsd;
    lagMillis = Math.max(lagMillis, other.lagMillis);
    return this;
  }

  public long get(RecentSum sum) {
    return sums[sum.place()];
  }

  /** Exchanges in a bucket of durations, from 0; not cumulative. */
  public long durations(int bucket) {
    return durations[bucket];
  }

  /** US dollars, as far as they are known. */
  public double costUsd() {
    return costUsd;
  }

  /** How late the latest came, milliseconds. */
  public long lagMillis() {
    return lagMillis;
  }

  /** Whether nothing is counted; that something came late is of nobody. */
  public boolean isEmpty() {
    return costUsd == 0 && Arrays.stream(sums).allMatch(each -> each == 0);
  }

  /**
   * Seconds that a part of the exchanges did not exceed, as Prometheus' {@code histogram_quantile}
   * reckons it: evenly spread inside a bucket, and the highest bound for what is above it. 0 where
   * there are none.
   *
   * @param part between 0 and 1
   */
  public double quantileSeconds(double part) {
    double rank = part * Arrays.stream(durations).sum();
    if (rank == 0) {
      return 0;
    }
    double below = 0;
    for (int bucket = 0; bucket < BOUNDS.length; bucket++) {
      if (below + durations[bucket] >= rank) {
        double from = bucket == 0 ? 0 : BOUNDS[bucket - 1];
        return from + (BOUNDS[bucket] - from) * (rank - below) / durations[bucket];
      }
      below += durations[bucket];
    }
    return BOUNDS[BOUNDS.length - 1];
  }
}
