package io.llmtrace.controlplane.statistics;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/**
 * Sums by hour as series, from the rollups and what the journal holds. To be called in a
 * transaction, in which rows are streamed. Stateless.
 */
public final class HourlySums {
  private static final int ROWS_AT_ONCE = 5_000;

  /** Whose sums: as {@link Cell}, without the hour. */
  public record Key(String tenant, String key, String key2) {}

  /**
   * What one hour had.
   *
   * @param hour its start
   */
  public record Hour(
      Instant hour,
      double costUsd,
      long tokens,
      long requests,
      long errors,
      long exchanges,
      long findings) {
    private Hour plus(Hour more) {
      return new Hour(
          hour,
          costUsd + more.costUsd,
          tokens + more.tokens,
          requests + more.requests,
          errors + more.errors,
          exchanges + more.exchanges,
          findings + more.findings);
    }
  }

  /**
   * A model in use.
   *
   * @param tenantSince first hour of the tenant in the time that was asked for
   * @param first hour with answered requests since {@code window}
   * @param requests that were answered since then
   */
  public record NewModel(Key key, Instant tenantSince, Instant first, long requests) {}

  private static final String COLUMNS =
      "bucket, tenant, key, key2, cost_usd, prompt_tokens + completion_tokens AS tokens, requests,"
          + " errors, unobserved, exchanges, findings";

  private static final String ROWS =
      TimeSlice.rows(
          TimeSlice.hours(Instant.EPOCH, Instant.EPOCH),
          slice -> COLUMNS,
          COLUMNS,
          "dimension = :dimension");

  private HourlySums() {}

  /**
   * Series with any use, the busiest first.
   *
   * @param from start of an hour, included
   * @param until not included
   */
  public static List<Key> active(
      Handle handle, Dimension dimension, Instant from, Instant until, int limit) {
    return rows(
            handle,
            "SELECT tenant, key, key2 FROM "
                + ROWS
                // A completion without its exchange has no tenant, and some exchanges no agent.
                + " WHERE tenant <> '' AND (:dimension = 'tenant' OR key <> '' OR key2 <> '')"
                + " GROUP BY tenant, key, key2"
                + " ORDER BY sum(requests) + sum(exchanges) DESC, tenant, key, key2 LIMIT :most",
            dimension,
            from,
            until)
        .bind("most", limit)
        .map(
            (row, context) ->
                new Key(row.getString("tenant"), row.getString("key"), row.getString("key2")))
        .list();
  }

  /** Hours of some series, one series after the other, each in order of time. */
  public static void read(
      Handle handle,
      Dimension dimension,
      List<Key> keys,
      Instant from,
      Instant until,
      BiConsumer<Key, List<Hour>> each) {
    if (keys.isEmpty()) {
      return;
    }
    try (Query query =
        rows(
                handle,
                "SELECT tenant, key, key2, bucket, cost_usd, tokens, requests, errors, exchanges,"
                    + " findings FROM "
                    + ROWS
                    + " JOIN unnest(:tenants, :keys, :keys2) AS k(tenant, key, key2)"
                    + " USING (tenant, key, key2) ORDER BY tenant, key, key2, bucket",
                dimension,
                from,
                until)
            .bindArray("tenants", String.class, keys.stream().map(Key::tenant).toList())
            .bindArray("keys", String.class, keys.stream().map(Key::key).toList())
            .bindArray("keys2", String.class, keys.stream().map(Key::key2).toList())) {
      Collected collected = new Collected(each);
      query
          .setFetchSize(ROWS_AT_ONCE)
          .map(
              (row, context) -> {
                collected.add(
                    new Key(row.getString("tenant"), row.getString("key"), row.getString("key2")),
                    new Hour(
                        row.getObject("bucket", OffsetDateTime.class).toInstant(),
                        row.getDouble("cost_usd"),
                        row.getLong("tokens"),
                        row.getLong("requests"),
                        row.getLong("errors"),
                        row.getLong("exchanges"),
                        row.getLong("findings")));
                return 1;
              })
          .forEach(one -> {});
      collected.end();
    }
  }

  /** Models that were answered with tokens since a window began, and not in the time before it. */
  public static List<NewModel> newModels(
      Handle handle, Instant from, Instant window, Instant until) {
    return rows(
            handle,
            "SELECT * FROM (SELECT tenant, key, key2,"
                + " min(min(bucket)) OVER (PARTITION BY tenant) AS since,"
                + " max(bucket) FILTER (WHERE bucket < :window AND tokens > 0) AS before,"
                + " min(bucket) FILTER (WHERE bucket >= :window AND tokens > 0) AS first,"
                + " CAST(sum(requests - errors - unobserved)"
                + " FILTER (WHERE bucket >= :window AND tokens > 0) AS bigint) AS answered FROM "
                + ROWS
                + " WHERE tenant <> '' AND key2 <> '' GROUP BY tenant, key, key2) m"
                + " WHERE before IS NULL AND first IS NOT NULL"
                + " ORDER BY answered DESC, tenant, key, key2",
            Dimension.MODEL,
            from,
            until)
        .bind("window", window.atOffset(ZoneOffset.UTC))
        .map(
            (row, context) ->
                new NewModel(
                    new Key(row.getString("tenant"), row.getString("key"), row.getString("key2")),
                    row.getObject("since", OffsetDateTime.class).toInstant(),
                    row.getObject("first", OffsetDateTime.class).toInstant(),
                    row.getLong("answered")))
        .list();
  }

  private static Query rows(
      Handle handle, String sql, Dimension dimension, Instant from, Instant until) {
    return TimeSlice.bind(
        handle.createQuery(sql).bind("dimension", dimension.label()), TimeSlice.hours(from, until));
  }

  /** Rows of one series until the next one begins. */
  private static final class Collected {
    private final BiConsumer<Key, List<Hour>> each;
    private @Nullable Key key;
    private List<Hour> hours = new ArrayList<>();

    Collected(BiConsumer<Key, List<Hour>> each) {
      this.each = each;
    }

    void add(Key of, Hour hour) {
      if (!of.equals(key)) {
        end();
        key = of;
      }
      int last = hours.size() - 1;
      // The journal may have more of an hour that is in the rollups.
      if (last >= 0 && hours.get(last).hour().equals(hour.hour())) {
        hours.set(last, hours.get(last).plus(hour));
      } else {
        hours.add(hour);
      }
    }

    void end() {
      if (key != null) {
        each.accept(key, hours);
      }
      hours = new ArrayList<>();
    }
  }
}
