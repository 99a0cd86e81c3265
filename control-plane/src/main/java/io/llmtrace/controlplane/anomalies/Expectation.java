package io.llmtrace.controlplane.anomalies;

/**
 * What is expected of an hour, in the measure's unit.
 *
 * @param low nineteen of twenty hours lie between this …
 * @param mid what is expected
 * @param high … and this
 * @param limit from which on it is too much; above {@code mid}
 */
public record Expectation(double low, double mid, double high, double limit) {

  /** How far a value is above what is expected: 0 as expected, 1 at the limit. */
  double score(double value) {
    return (value - mid) / Math.max(limit - mid, Double.MIN_NORMAL);
  }
}
