package io.llmtrace.controlplane.statistics;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * Sums over some exchanges. Not thread-safe.
 *
 * <p>{@code exchanges} counts inspections, by what was decided and looked at; {@code requests}
 * those that ended, or that nobody answered in time ({@code unobserved}).
 */
final class Measures {
  /** Names of the sums that are whole numbers, as columns and in answers. */
  enum Sum {
    EXCHANGES,
    REQUESTS,
    ERRORS,
    UNOBSERVED,
    FLAGGED,
    REDACTED,
    LIMITED,
    BLOCKED,
    PARTIAL,
    UNINSPECTED,
    FINDINGS,
    PROMPT_TOKENS,
    COMPLETION_TOKENS,
    CACHED_TOKENS,
    REASONING_TOKENS,
    COST_UNKNOWN;

    private final String column = name().toLowerCase(java.util.Locale.ROOT);

    String column() {
      return column;
    }
  }

  private static final int SUMS = Sum.values().length;

  private final long[] sums = new long[SUMS];
  private BigDecimal costUsd = BigDecimal.ZERO;
  private @Nullable Latencies latencies;

  /** A sketch that nothing was added to yet: most sums are of one, which need not be read. */
  private byte @Nullable [] only;

  void add(Sum sum, long value) {
    sums[sum.ordinal()] += value;
  }

  void add(Measures other) {
    for (int i = 0; i < SUMS; i++) {
      sums[i] += other.sums[i];
    }
    costUsd = costUsd.add(other.costUsd);
    Latencies more = other.latencies;
    if (more != null) {
      latencies().add(more);
    } else {
      addLatencies(other.only);
    }
  }

  void addCost(BigDecimal usd) {
    costUsd = costUsd.add(usd);
  }

  void addLatency(double millis) {
    latencies().add(millis);
  }

  void addLatencies(byte @Nullable [] sketch) {
    if (sketch == null) {
      return;
    }
    if (only == null && latencies == null) {
      only = sketch;
    } else {
      latencies().add(sketch);
    }
  }

  private Latencies latencies() {
    Latencies known = latencies;
    if (known == null) {
      known = new Latencies();
      latencies = known;
      known.add(only);
      only = null;
    }
    return known;
  }

  long get(Sum sum) {
    return sums[sum.ordinal()];
  }

  BigDecimal costUsd() {
    return costUsd;
  }

  byte @Nullable [] latencyBytes() {
    Latencies known = latencies;
    return known == null ? only : known.bytes();
  }

  @Nullable Double latency(double quantile) {
    return only == null && latencies == null ? null : latencies().quantile(quantile);
  }
}
