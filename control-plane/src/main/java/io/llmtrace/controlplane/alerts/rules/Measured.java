package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.statistics.RecentSum;
import io.llmtrace.controlplane.statistics.RecentSums;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is measured of sums, by the names that expressions and summaries know. A share or a
 * percentile of nothing is 0.
 */
enum Measured {
  EXCHANGES(RecentSum.EXCHANGES),
  FLAGGED(RecentSum.FLAGGED),
  REDACTED(RecentSum.REDACTED),
  LIMITED(RecentSum.LIMITED),
  BLOCKED(RecentSum.BLOCKED),
  PARTIAL(RecentSum.PARTIAL),
  UNINSPECTED(RecentSum.UNINSPECTED),
  REQUESTS(RecentSum.REQUESTS),
  ERRORS(RecentSum.ERRORS),
  UNOBSERVED(RecentSum.UNOBSERVED),
  FINDINGS(RecentSum.FINDINGS),
  LOST(RecentSum.LOST),
  TOKENS(RecentSum.TOKENS),
  COST_USD(Kind.AMOUNT, "USD"),
  LAG_SECONDS(Kind.AMOUNT, "s"),
  P50_SECONDS(Kind.AMOUNT, "s"),
  P95_SECONDS(Kind.AMOUNT, "s"),
  P99_SECONDS(Kind.AMOUNT, "s"),
  ERROR_SHARE(Kind.SHARE, "%"),
  UNOBSERVED_SHARE(Kind.SHARE, "%"),
  UNINSPECTED_SHARE(Kind.SHARE, "%"),
  BLOCKED_SHARE(Kind.SHARE, "%"),
  REQUESTS_PER_MINUTE(Kind.AMOUNT, "requests/min"),
  FINDINGS_PER_MINUTE(Kind.AMOUNT, "findings/min");

  /** How a number is to be read. */
  enum Kind {
    COUNT,
    AMOUNT,
    /** Between 0 and 1; shown as percent. */
    SHARE
  }

  private static final Map<String, Measured> BY_LABEL =
      Arrays.stream(values()).collect(Collectors.toMap(Measured::label, Function.identity()));

  private final String label = name().toLowerCase(Locale.ROOT);
  private final Kind kind;
  private final String unit;
  private final @Nullable RecentSum counted;

  Measured(RecentSum counted) {
    this.kind = Kind.COUNT;
    this.unit = counted.column();
    this.counted = counted;
  }

  Measured(Kind kind, String unit) {
    this.kind = kind;
    this.unit = unit;
    this.counted = null;
  }

  /** By its name in expressions, or null. */
  static @Nullable Measured of(String label) {
    return BY_LABEL.get(label);
  }

  /** The name in expressions and summaries. */
  String label() {
    return label;
  }

  Kind kind() {
    return kind;
  }

  /** Of what is shown: see {@link #shown}. */
  String unit() {
    return unit;
  }

  /**
   * The value.
   *
   * @param seconds that the sums are of
   */
  double of(RecentSums sums, double seconds) {
    if (counted != null) {
      return sums.get(counted);
    }
    return switch (this) {
      case COST_USD -> sums.costUsd();
      case LAG_SECONDS -> sums.lagMillis() / 1e3;
      case P50_SECONDS -> sums.quantileSeconds(0.5);
      case P95_SECONDS -> sums.quantileSeconds(0.95);
      case P99_SECONDS -> sums.quantileSeconds(0.99);
      case ERROR_SHARE -> share(sums, RecentSum.ERRORS, RecentSum.REQUESTS);
      case UNOBSERVED_SHARE -> share(sums, RecentSum.UNOBSERVED, RecentSum.REQUESTS);
      case UNINSPECTED_SHARE -> share(sums, RecentSum.UNINSPECTED, RecentSum.EXCHANGES);
      case BLOCKED_SHARE -> share(sums, RecentSum.BLOCKED, RecentSum.EXCHANGES);
      case REQUESTS_PER_MINUTE -> perMinute(sums, RecentSum.REQUESTS, seconds);
      case FINDINGS_PER_MINUTE -> perMinute(sums, RecentSum.FINDINGS, seconds);
      default -> throw new IllegalStateException(label + " is a count");
    };
  }

  /** A value as people read it: shares become percents. */
  double shown(double value) {
    return kind == Kind.SHARE ? value * 100 : value;
  }

  /** As text in a sentence, with its unit where the number alone says nothing. */
  String text(double value) {
    if (kind == Kind.COUNT) {
      return Long.toString(Math.round(value));
    }
    String number = Numbers.shortly(shown(value));
    return switch (unit) {
      case "%" -> number + " %";
      case "s" -> number + " s";
      default -> number;
    };
  }

  private static double share(RecentSums sums, RecentSum part, RecentSum of) {
    long whole = sums.get(of);
    return whole == 0 ? 0 : (double) sums.get(part) / whole;
  }

  private static double perMinute(RecentSums sums, RecentSum sum, double seconds) {
    return seconds <= 0 ? 0 : sums.get(sum) * 60 / seconds;
  }
}
