package io.llmtrace.controlplane.anomalies;

import java.util.Arrays;

/** Order statistics, which a few wild values do not move. Stateless. */
final class Robust {
  /** From a median absolute deviation to a standard deviation, of what is normal. */
  private static final double OF_MAD = 1.4826;

  private Robust() {}

  /** The median; 0 of nothing. */
  static double median(double[] values) {
    return quantile(values, 0.5);
  }

  /** A quantile, between its neighbours in a straight line; 0 of nothing. */
  static double quantile(double[] values, double quantile) {
    if (values.length == 0) {
      return 0;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    double place = quantile * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }

  /** The standard deviation around 0 by the median of absolute values. */
  static double deviation(double[] values) {
    return OF_MAD * median(Arrays.stream(values).map(Math::abs).toArray());
  }

  /** The mean of what is left without the largest twentieth; 0 of nothing. */
  static double trimmedMean(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int kept = sorted.length - sorted.length / 20;
    return Arrays.stream(sorted, 0, kept).average().orElse(0);
  }

  /** The n-th largest, from 1; 0 where there are fewer. */
  static double largest(double[] values, int n) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted.length < n ? 0 : sorted[sorted.length - n];
  }
}
