package io.llmtrace.controlplane.statistics;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/**
 * What was spent, from the sums by hour and day; what was stored a moment ago is in it. Stateless.
 */
public final class Spending {
  /**
   * What some exchanges took.
   *
   * @param tenant whose
   * @param key route, consumer, agent or provider; empty by tenant
   * @param key2 model; else empty
   * @param costUsd US dollars, as far as they are known
   * @param tokens of prompts and answers
   * @param requests that ended
   * @param costUnknown requests with tokens whose cost is not known
   */
  public record Sum(
      String tenant,
      String key,
      String key2,
      BigDecimal costUsd,
      long tokens,
      long requests,
      long costUnknown) {}

  private static final String COLUMNS =
      "tenant, key, key2, cost_usd, prompt_tokens + completion_tokens AS tokens, requests,"
          + " cost_unknown";

  private Spending() {}

  /**
   * Sums by a dimension, the dearest first.
   *
   * @param tenants whose; null for all
   * @param name only of this route, consumer, agent or model; null for all
   * @param from start of an hour, included
   * @param until not included
   */
  public static List<Sum> by(
      Handle handle,
      Dimension dimension,
      @Nullable List<String> tenants,
      @Nullable String name,
      Instant from,
      Instant until,
      int limit) {
    List<TimeSlice> slices = TimeSlice.of(from, until);
    String rows =
        TimeSlice.rows(
            slices,
            slice -> COLUMNS,
            COLUMNS,
            "dimension = :dimension"
                + (tenants == null ? "" : " AND tenant = ANY(:tenants)")
                + (name == null
                    ? ""
                    : dimension == Dimension.MODEL ? " AND key2 = :name" : " AND key = :name"));
    Query query =
        TimeSlice.bind(
            handle
                .createQuery(
                    "SELECT tenant, key, key2, sum(cost_usd) AS cost_usd,"
                        + " CAST(sum(tokens) AS bigint) AS tokens,"
                        + " CAST(sum(requests) AS bigint) AS requests,"
                        + " CAST(sum(cost_unknown) AS bigint) AS cost_unknown FROM "
                        + rows
                        + " GROUP BY tenant, key, key2"
                        + " ORDER BY sum(cost_usd) DESC, sum(tokens) DESC, tenant, key, key2"
                        + " LIMIT :limit")
                .bind("dimension", dimension.label())
                .bind("limit", limit),
            slices);
    if (tenants != null) {
      query.bindArray("tenants", String.class, tenants);
    }
    if (name != null) {
      query.bind("name", name);
    }
    return query
        .map(
            (row, context) ->
                new Sum(
                    row.getString("tenant"),
                    row.getString("key"),
                    row.getString("key2"),
                    row.getBigDecimal("cost_usd"),
                    row.getLong("tokens"),
                    row.getLong("requests"),
                    row.getLong("cost_unknown")))
        .list();
  }
}
