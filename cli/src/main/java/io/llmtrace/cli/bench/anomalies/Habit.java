package io.llmtrace.cli.bench.anomalies;

import java.util.Random;

/** How a tenant works: requests that are expected of an hour. */
enum Habit {
  OFFICE(300),
  /** An office whose clocks change in the middle. */
  DAYLIGHT_SAVING(300),
  /** All day, with a slow wave. */
  GLOBAL(1_200),
  /** A batch each night and little by day. */
  NIGHTLY(1_500),
  /** A few requests an hour, in office hours. */
  SPARSE(4),
  /** An office that grows by 12 % a week. */
  GROWING(150),
  /** An office with bursts of two to eight times, about three a week at any time. */
  BURSTY(200),
  /** Evenings, and twice as much at weekends. */
  SHOP(250);

  private static final double GROWTH_A_WEEK = 1.12;

  private final double peak;

  Habit(double peak) {
    this.peak = peak;
  }

  /** Requests expected of an hour, without bursts and holidays. */
  double expected(long hour, long first, long middle) {
    long local = this == DAYLIGHT_SAVING && hour >= middle ? hour + 1 : hour;
    int ofDay = (int) Math.floorMod(local, 24L);
    // Day 0 of the epoch was a Thursday.
    int weekday = (int) Math.floorMod(Math.floorDiv(local, 24L) + 3, 7L);
    boolean weekend = weekday >= 5;
    return switch (this) {
      case OFFICE, DAYLIGHT_SAVING, BURSTY -> peak * office(ofDay, weekend);
      case SPARSE -> peak * office(ofDay, weekend);
      case GROWING ->
          peak * office(ofDay, weekend) * Math.pow(GROWTH_A_WEEK, (hour - first) / 168.0);
      case GLOBAL -> peak * (0.75 + 0.25 * Math.cos((ofDay - 15) * Math.PI / 12));
      case NIGHTLY -> ofDay >= 2 && ofDay < 5 ? peak : 0.02 * peak;
      case SHOP -> peak * (weekend ? 2 : 1) * (0.1 + Math.exp(-(ofDay - 20) * (ofDay - 20) / 12.0));
    };
  }

  private static double office(int ofDay, boolean weekend) {
    double day = 0.03 + Math.exp(-Math.pow((ofDay - 13) / 4.0, 4));
    return weekend ? 0.08 * day : day;
  }

  /** What a burst makes of an hour; 1 without one. */
  double burst(Random random) {
    return this == BURSTY && random.nextInt(60) == 0 ? 2 + 6 * random.nextDouble() : 1;
  }
}
