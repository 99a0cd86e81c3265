package io.llmtrace.controlplane.statistics;

import java.math.BigDecimal;
import java.math.MathContext;

/** Numbers with as many digits as a sketch knows. Stateless. */
final class ThreeDigits {
  private static final MathContext THREE = new MathContext(3);
  private static final double[] TENS = {1e2, 1e1, 1e0, 1e-1, 1e-2, 1e-3, 1e-4};
  private static final double[] BELOW = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};

  /**
   * Near a half or a whole number the exact way decides: it takes fifty digits and as many times.
   */
  private static final double NEAR = 1e-6;

  private ThreeDigits() {}

  /** What {@code new BigDecimal(value).round(new MathContext(3))} is. */
  static BigDecimal of(double value) {
    for (int i = 0; value >= 1 && i < TENS.length; i++) {
      if (value < BELOW[i]) {
        double digits = value * TENS[i];
        double twice = digits * 2;
        if (Math.abs(twice - Math.rint(twice)) < NEAR || digits >= 999) {
          break;
        }
        return BigDecimal.valueOf(Math.round(digits), 2 - i);
      }
    }
    return new BigDecimal(value).round(THREE);
  }
}
