package io.llmtrace.controlplane.anomalies;

/**
 * What the days before a day say about it. It knows nothing of the day itself, so that each hour of
 * a day is judged alike whenever it is looked at. Immutable.
 */
sealed interface Baseline permits AmountBaseline, ShareBaseline {
  /** Days below which nothing is said. */
  int LEAST_DAYS = 7;

  /** How often a height was reached, on days of their own, from which on it is no news. */
  int RECURRING = 3;

  /** What is expected of an hour (since the epoch) with so many requests or exchanges. */
  Expectation at(long hour, double events);

  /** How that was made, for people. */
  Basis basis(long hour, double events);

  /**
   * What a baseline was made of.
   *
   * @param season {@code week}: the same hours of the week; {@code day}: the same hours of the day,
   *     as there are not yet two weeks; {@code none}: one level for all hours
   * @param days that it looked at
   * @param level of the last week to the weeks before; of shares 1
   * @param deviation robust standard deviation of the hour, in the measure's unit
   */
  record Basis(String season, int days, double level, double deviation) {}
}
