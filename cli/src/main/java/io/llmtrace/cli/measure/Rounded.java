package io.llmtrace.cli.measure;

/** Figures with as many digits as a reader needs. Stateless. */
public final class Rounded {
  private Rounded() {}

  /** To three digits after the point. */
  public static double thousandths(double value) {
    return Math.round(value * 1_000) / 1e3;
  }

  /** To one digit after the point. */
  public static double tenths(double value) {
    return Math.round(value * 10) / 10.0;
  }
}
