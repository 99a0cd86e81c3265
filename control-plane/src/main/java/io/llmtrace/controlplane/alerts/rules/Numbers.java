package io.llmtrace.controlplane.alerts.rules;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;

/** Numbers as people read them. Stateless. */
final class Numbers {
  private static final MathContext DIGITS = new MathContext(3);
  private static final double ALL_DIGITS = 100;

  private Numbers() {}

  /** With three digits, or all of those before the point. */
  static String shortly(double value) {
    if (!Double.isFinite(value)) {
      return "0";
    }
    BigDecimal rounded =
        Math.abs(value) >= ALL_DIGITS
            ? BigDecimal.valueOf(Math.round(value))
            : new BigDecimal(value).round(DIGITS);
    String text = rounded.stripTrailingZeros().toPlainString();
    return text;
  }

  /** Such as {@code 5 minutes}. */
  static String time(Duration time) {
    long seconds = time.toSeconds();
    if (seconds >= 7_200 && seconds % 3_600 < 60) {
      return seconds / 3_600 + " hours";
    }
    if (seconds >= 120) {
      return seconds / 60 + " minutes";
    }
    return seconds + " seconds";
  }
}
