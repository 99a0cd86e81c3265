package io.llmtrace.cli.bench;

import org.jspecify.annotations.Nullable;

/**
 * A figure with what it is held against.
 *
 * @param figure what was measured
 * @param value the measure, or NaN where the data has no rows for it
 * @param first the bar to meet first
 * @param then the bar after that, or null
 * @param unit {@code share}, {@code F1} or {@code µs}
 * @param highIsGood whether more is better
 */
record Bar(
    String figure,
    double value,
    double first,
    @Nullable Double then,
    String unit,
    boolean highIsGood) {

  static Bar atLeast(String figure, double value, double first, double then, String unit) {
    return new Bar(figure, value, first, then, unit, true);
  }

  static Bar atMost(String figure, double value, double first, double then, String unit) {
    return new Bar(figure, value, first, then, unit, false);
  }

  boolean meetsFirst() {
    return meets(first);
  }

  boolean meetsThen() {
    return then != null && meets(then);
  }

  private boolean meets(double bar) {
    return highIsGood ? value >= bar : value <= bar;
  }

  String shown(double number) {
    return switch (unit) {
      case "share" -> Rates.percent(number);
      case "F1" -> Rates.three(number);
      default ->
          Double.isNaN(number) ? "–" : String.format(java.util.Locale.ROOT, "%,.0f µs", number);
    };
  }
}
