package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.statistics.Measures.Sum;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Sums over whole days (UTC), with what the journal holds. Stateless. */
public final class PeriodSums {
  private PeriodSums() {}

  /** Which days of which tenants; null for all of them. */
  public record Period(LocalDate from, LocalDate until, @Nullable List<String> tenants) {}

  /** All whole-number sums by name. */
  public static Map<String, Long> totals(Handle handle, Period period) {
    String sums =
        Arrays.stream(Sum.values())
            .map(sum -> "coalesce(CAST(sum(" + sum.column() + ") AS bigint), 0) AS " + sum.column())
            .collect(Collectors.joining(", "));
    return query(handle, period, Dimension.TENANT, "SELECT " + sums + " FROM ")
        .map(
            (row, context) -> {
              Map<String, Long> totals = new LinkedHashMap<>();
              for (Sum sum : Sum.values()) {
                totals.put(sum.column(), row.getLong(sum.column()));
              }
              return totals;
            })
        .one();
  }

  /** Days that had any exchange. */
  public static long daysWithUse(Handle handle, Period period) {
    return query(
            handle,
            period,
            Dimension.TENANT,
            "SELECT count(DISTINCT date_trunc('day', bucket, 'UTC')) FILTER (WHERE exchanges > 0)"
                + " FROM ")
        .mapTo(Long.class)
        .one();
  }

  /** Findings by type, those that there are. */
  public static Map<String, Long> findings(Handle handle, Period period) {
    Map<String, Long> types = new LinkedHashMap<>();
    query(
            handle,
            period,
            Dimension.FINDING,
            "SELECT key, CAST(sum(findings) AS bigint) AS findings FROM ",
            " GROUP BY key ORDER BY key")
        .map((row, context) -> Map.entry(row.getString("key"), row.getLong("findings")))
        .forEach(entry -> types.put(entry.getKey(), entry.getValue()));
    return types;
  }

  private static Query query(Handle handle, Period period, Dimension dimension, String select) {
    return query(handle, period, dimension, select, "");
  }

  private static Query query(
      Handle handle, Period period, Dimension dimension, String select, String end) {
    String columns = "bucket, key, " + String.join(", ", Statistics.sums());
    List<TimeSlice> days =
        List.of(
            new TimeSlice(
                true,
                period.from().atStartOfDay().toInstant(ZoneOffset.UTC),
                period.until().atStartOfDay().toInstant(ZoneOffset.UTC)));
    String rows =
        TimeSlice.rows(
            days,
            slice -> columns,
            columns,
            "dimension = :dimension"
                + (period.tenants() == null ? "" : " AND tenant = ANY(:tenants)"));
    Query query =
        TimeSlice.bind(
            handle.createQuery(select + rows + end).bind("dimension", dimension.label()), days);
    if (period.tenants() != null) {
      query.bindArray("tenants", String.class, period.tenants());
    }
    return query;
  }
}
