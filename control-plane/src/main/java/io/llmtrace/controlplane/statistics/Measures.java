package io.llmtrace.controlplane.statistics;

import java.math.BigDecimal;
import java.util.EnumMap;
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

  private final EnumMap<Sum, Long> sums = new EnumMap<>(Sum.class);
  private BigDecimal costUsd = BigDecimal.ZERO;
  private @Nullable Latencies latencies;

  void add(Sum sum, long value) {
    if (value != 0) {
      sums.merge(sum, value, Long::sum);
    }
  }

  void add(Measures other) {
    other.sums.forEach(this::add);
    costUsd = costUsd.add(other.costUsd);
    Latencies more = other.latencies;
    if (more != null) {
      latencies().add(more);
    }
  }

  void addCost(BigDecimal usd) {
    costUsd = costUsd.add(usd);
  }

  void addLatency(double millis) {
    latencies().add(millis);
  }

  void addLatencies(byte @Nullable [] sketch) {
    if (sketch != null) {
      latencies().add(sketch);
    }
  }

  private Latencies latencies() {
    Latencies known = latencies;
    if (known == null) {
      known = new Latencies();
      latencies = known;
    }
    return known;
  }

  long get(Sum sum) {
    return sums.getOrDefault(sum, 0L);
  }

  BigDecimal costUsd() {
    return costUsd;
  }

  byte @Nullable [] latencyBytes() {
    Latencies known = latencies;
    return known == null ? null : known.bytes();
  }

  @Nullable Double latency(double quantile) {
    Latencies known = latencies;
    return known == null ? null : known.quantile(quantile);
  }
}
