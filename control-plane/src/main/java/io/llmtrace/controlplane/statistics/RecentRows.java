package io.llmtrace.controlplane.statistics;

import io.llmtrace.policies.detect.Severity;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;

/** Reads what happened in the last hours. Stateless. */
public final class RecentRows {
  /** The latest of the times that is not after a bucket. */
  private static final String SINCE =
      "SELECT (CAST(:froms AS bigint[]))[width_bucket(bucket, CAST(:froms AS bigint[]))]";

  private static final String SUMS =
      Arrays.stream(RecentSum.values())
          .map(sum -> "CAST(sum(" + sum.column() + ") AS bigint)")
          .collect(Collectors.joining(", "));
  private static final String DURATIONS =
      IntStream.range(0, RecentSums.DURATIONS)
          .mapToObj(i -> "sum(b" + i + ")")
          .collect(Collectors.joining(", "));
  private static final int FIRST_SUM = 6;

  private RecentRows() {}

  /**
   * Sums since each of some times, as rows that are added up: those since a time are all rows whose
   * bucket is not before it. The database sums up what lies between two of the times, so that what
   * is read does not grow with how long that is.
   *
   * @param froms where buckets begin, epoch seconds
   */
  public static List<RecentRow> sums(Handle handle, Collection<Long> froms) {
    List<Long> sorted = froms.stream().sorted().distinct().toList();
    if (sorted.isEmpty()) {
      return List.of();
    }
    Map<RecentKeys, RecentKeys> met = new HashMap<>();
    return handle
        .createQuery(
            SINCE
                + ", tenant, route, provider, model, "
                + SUMS
                + ", "
                + DURATIONS
                + ", sum(cost_usd), max(lag_ms) FROM rollup_recent WHERE bucket >= :first"
                + " GROUP BY 1, 2, 3, 4, 5")
        .bindArray("froms", Long.class, sorted)
        .bind("first", sorted.get(0))
        .map(
            (row, context) -> {
              RecentSums sums = new RecentSums();
              int column = FIRST_SUM;
              for (RecentSum sum : RecentSum.values()) {
                sums.add(sum, row.getLong(column++));
              }
              for (int i = 0; i < RecentSums.DURATIONS; i++) {
                sums.addDurations(i, row.getLong(column++));
              }
              sums.addCost(row.getDouble(column)).lag(row.getLong(column + 1));
              // The same few names again and again.
              RecentKeys keys = met.computeIfAbsent(keys(row), key -> key);
              return new RecentRow(row.getLong(1), keys, sums);
            })
        .list();
  }

  /** Findings since each of some times, summed up as {@link #sums} does. */
  public static List<RecentFinding> findings(Handle handle, Collection<Long> froms) {
    List<Long> sorted = froms.stream().sorted().distinct().toList();
    if (sorted.isEmpty()) {
      return List.of();
    }
    Map<RecentFinding.What, RecentFinding.What> met = new HashMap<>();
    return handle
        .createQuery(
            SINCE
                + ", tenant, route, provider, model, type, severity, confidence, action, sum(count)"
                + " FROM rollup_recent_findings WHERE bucket >= :first"
                + " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9")
        .bindArray("froms", Long.class, sorted)
        .bind("first", sorted.get(0))
        .map(
            (row, context) -> {
              RecentFinding.What what =
                  new RecentFinding.What(
                      keys(row),
                      row.getString(6),
                      Severity.of(row.getString(7)),
                      row.getInt(8),
                      row.getString(9));
              return new RecentFinding(
                  row.getLong(1), met.computeIfAbsent(what, key -> key), row.getLong(10));
            })
        .list();
  }

  private static RecentKeys keys(ResultSet row) throws SQLException {
    return new RecentKeys(row.getString(2), row.getString(3), row.getString(4), row.getString(5));
  }
}
