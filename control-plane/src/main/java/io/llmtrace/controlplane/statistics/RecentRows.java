package io.llmtrace.controlplane.statistics;

import io.llmtrace.policies.detect.Severity;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;

/** Reads what happened in the last hours. Stateless. */
public final class RecentRows {
  private static final int FETCHED = 5_000;

  private static final String SUMS =
      Arrays.stream(RecentSum.values()).map(RecentSum::column).collect(Collectors.joining(", "));
  private static final String DURATIONS =
      IntStream.range(0, RecentSums.DURATIONS)
          .mapToObj(i -> "b" + i)
          .collect(Collectors.joining(", "));
  private static final int FIRST_SUM = 6;
  private static final int FIRST_DURATION = FIRST_SUM + RecentSum.values().length;
  private static final int COST = FIRST_DURATION + RecentSums.DURATIONS;

  private RecentRows() {}

  /**
   * Sums of the buckets from a time on; a cell may have several rows.
   *
   * @param from its bucket is the first
   */
  public static List<RecentRow> sums(Handle handle, Instant from) {
    Map<RecentKeys, RecentKeys> met = new HashMap<>();
    return handle
        .createQuery(
            "SELECT bucket, tenant, route, provider, model, "
                + SUMS
                + ", "
                + DURATIONS
                + ", cost_usd, lag_ms FROM rollup_recent WHERE bucket >= :from")
        .bind("from", RecentRow.bucketOf(from.toEpochMilli()))
        .setFetchSize(FETCHED)
        .map(
            (row, context) -> {
              RecentSums sums = new RecentSums();
              for (RecentSum sum : RecentSum.values()) {
                sums.add(sum, row.getLong(FIRST_SUM + sum.ordinal()));
              }
              for (int i = 0; i < RecentSums.DURATIONS; i++) {
                sums.addDurations(i, row.getLong(FIRST_DURATION + i));
              }
              sums.addCost(row.getDouble(COST)).lag(row.getLong(COST + 1));
              RecentKeys keys =
                  new RecentKeys(
                      row.getString(2), row.getString(3), row.getString(4), row.getString(5));
              // The same few names again and again.
              return new RecentRow(row.getLong(1), met.computeIfAbsent(keys, key -> key), sums);
            })
        .list();
  }

  /** Findings of the buckets from a time on; equal ones may have several rows. */
  public static List<RecentFinding> findings(Handle handle, Instant from) {
    Map<RecentFinding.What, RecentFinding.What> met = new HashMap<>();
    return handle
        .createQuery(
            "SELECT bucket, tenant, route, provider, model, type, severity, confidence, action,"
                + " count FROM rollup_recent_findings WHERE bucket >= :from")
        .bind("from", RecentRow.bucketOf(from.toEpochMilli()))
        .setFetchSize(FETCHED)
        .map(
            (row, context) -> {
              RecentFinding.What what =
                  new RecentFinding.What(
                      new RecentKeys(
                          row.getString(2), row.getString(3), row.getString(4), row.getString(5)),
                      row.getString(6),
                      Severity.of(row.getString(7)),
                      row.getInt(8),
                      row.getString(9));
              return new RecentFinding(
                  row.getLong(1), met.computeIfAbsent(what, key -> key), row.getLong(10));
            })
        .list();
  }
}
