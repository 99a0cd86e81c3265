package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.storage.CopyInto;
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
    EXCHANGES(0),
    REQUESTS(1),
    ERRORS(2),
    UNOBSERVED(3),
    FLAGGED(4),
    REDACTED(5),
    LIMITED(6),
    BLOCKED(7),
    PARTIAL(8),
    UNINSPECTED(9),
    FINDINGS(10),
    PROMPT_TOKENS(11),
    COMPLETION_TOKENS(12),
    CACHED_TOKENS(13),
    REASONING_TOKENS(14),
    COST_UNKNOWN(15);

    /** Place among the sums; packs are written in this order. */
    private final int place;

    private final String column = name().toLowerCase(java.util.Locale.ROOT);

    Sum(int place) {
      this.place = place;
    }

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
    sums[sum.place] += value;
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
    return sums[sum.place];
  }

  BigDecimal costUsd() {
    return costUsd;
  }

  byte @Nullable [] latencyBytes() {
    Latencies known = latencies;
    return known == null ? only : known.bytes();
  }

  /** Adds cost, sketch and the sums in their order to a row, as all tables of sums have them. */
  void write(CopyInto.Row row) {
    row.numeric(costUsd).bytes(latencyBytes());
    for (long sum : sums) {
      row.number(sum);
    }
  }

  @Nullable Double latency(double quantile) {
    return only == null && latencies == null ? null : latencies().quantile(quantile);
  }

  /**
   * Several at once, rising.
   *
   * @return milliseconds, as many; empty if there are no latencies
   */
  double[] latencies(double... quantiles) {
    if (only != null) {
      return Latencies.quantilesOf(only, quantiles);
    }
    return latencies == null ? new double[0] : latencies.quantiles(quantiles);
  }
}
