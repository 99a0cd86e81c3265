package io.llmtrace.controlplane.statistics;

import java.util.Comparator;

/**
 * What a sum is kept by.
 *
 * @param hour start of the hour (UTC), epoch milliseconds
 * @param key by dimension: name of the route, consumer or agent, provider, type of finding; else
 *     empty
 * @param key2 model or severity, else empty
 */
record Cell(Dimension dimension, long hour, String tenant, String key, String key2) {
  /** One order for all, so that no two transactions wait for each other. */
  static final Comparator<Cell> ORDER =
      Comparator.comparing(Cell::dimension)
          .thenComparingLong(Cell::hour)
          .thenComparing(Cell::tenant)
          .thenComparing(Cell::key)
          .thenComparing(Cell::key2);

  static final long DAY_SECONDS = 86_400;
  static final long HOUR_SECONDS = 3_600;
  private static final long HOUR_MILLIS = 3_600_000;
  private static final long DAY_MILLIS = DAY_SECONDS * 1_000;

  static long hourOf(long epochMillis) {
    return epochMillis - Math.floorMod(epochMillis, HOUR_MILLIS);
  }

  static long dayOf(long epochMillis) {
    return epochMillis - Math.floorMod(epochMillis, DAY_MILLIS);
  }
}
