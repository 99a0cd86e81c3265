package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.statistics.Pack.Name;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Makes packs of hours, days and weeks that are over, for questions about all tenants. A pack says
 * nothing that the rows do not say: whoever writes to rows of an hour or day takes its pack away by
 * a trigger, and the rows answer until it is made anew. Any replica may run it at any time; one at
 * a time does. Thread-safe.
 */
public final class RollupPacks {
  /** Rows read at once. */
  private static final int ROWS_AT_ONCE = 5_000;

  /** Of a run; the next one goes on. Folding waits for one bucket at most. */
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private static final int BUCKETS_OF_A_RUN = 2_000;

  /**
   * Hours, days and weeks that ended an hour ago. The trigger looks at those that ended half an
   * hour ago: the half hour between is for transactions that began before a pack was made.
   */
  private static final String MISSING =
      "WITH d AS (SELECT min(bucket) AS first FROM rollups WHERE dimension = 'tenant'"
          + " AND grain = 'day')"
          + " SELECT b.grain, b.bucket, n.dimension FROM (SELECT 'hour' AS grain, generate_series("
          + "greatest((SELECT min(bucket) FROM rollups WHERE dimension = 'tenant' AND grain ="
          + " 'hour'), date_trunc('hour', now() - interval '"
          + (RollupFold.HOUR_DAYS - 1)
          + " days', 'UTC')), now() - interval '2 hours', interval '1 hour') AS bucket"
          + " UNION ALL SELECT 'day', generate_series(d.first, now() - interval '25 hours',"
          + " interval '24 hours') FROM d UNION ALL SELECT 'week', generate_series("
          + "date_trunc('week', d.first, 'UTC'), now() - interval '169 hours',"
          + " interval '168 hours') FROM d) b CROSS JOIN unnest(:dimensions) AS n(dimension)"
          + " WHERE NOT EXISTS (SELECT FROM rollup_packs p WHERE p.dimension = n.dimension"
          + " AND p.grain = b.grain AND p.bucket = b.bucket)"
          + " ORDER BY b.bucket DESC, b.grain, n.dimension LIMIT :most";

  private final Supplier<Jdbi> jdbi;

  public RollupPacks(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  private record Bucket(String grain, Instant start) {}

  /** Makes packs that are missing, the newest first, for some seconds at most. */
  public void run() {
    make(missing(), System.nanoTime() + LONGEST.toNanos());
  }

  /** Makes all that are missing, unless another replica folds. */
  public void runToTheEnd() {
    boolean more = true;
    while (more) {
      Map<Bucket, List<String>> missing = missing();
      more = !missing.isEmpty() && make(missing, Long.MAX_VALUE);
    }
  }

  /** Whether all were made. */
  private boolean make(Map<Bucket, List<String>> missing, long end) {
    for (Map.Entry<Bucket, List<String>> each : missing.entrySet()) {
      boolean mine =
          jdbi.get().inTransaction(handle -> make(handle, each.getKey(), each.getValue()));
      if (!mine || System.nanoTime() > end) {
        return false;
      }
    }
    return true;
  }

  private Map<Bucket, List<String>> missing() {
    Map<Bucket, List<String>> buckets = new LinkedHashMap<>();
    jdbi.get()
        .useHandle(
            handle ->
                handle
                    .createQuery(MISSING)
                    .bindArray("dimensions", String.class, labels())
                    .bind("most", BUCKETS_OF_A_RUN)
                    .map(
                        (row, context) ->
                            Map.entry(
                                new Bucket(
                                    row.getString("grain"),
                                    row.getObject("bucket", OffsetDateTime.class).toInstant()),
                                row.getString("dimension")))
                    .forEach(
                        one ->
                            buckets
                                .computeIfAbsent(one.getKey(), key -> new ArrayList<>())
                                .add(one.getValue())));
    return buckets;
  }

  private static List<String> labels() {
    List<String> labels = new ArrayList<>();
    for (Dimension dimension : Dimension.values()) {
      labels.add(dimension.label());
    }
    return labels;
  }

  /**
   * Nobody folds meanwhile: what a transaction under way adds would not be seen and not be told.
   */
  private static boolean make(Handle handle, Bucket bucket, List<String> dimensions) {
    boolean mine =
        handle.createQuery("SELECT pg_try_advisory_xact_lock(7366003)").mapTo(Boolean.class).one();
    if (mine) {
      dimensions.forEach(dimension -> make(handle, bucket, dimension));
    }
    return mine;
  }

  private static void make(Handle handle, Bucket bucket, String dimension) {
    OffsetDateTime start = bucket.start().atOffset(ZoneOffset.UTC);
    TreeMap<Name, Measures> cells = new TreeMap<>();
    boolean week = bucket.grain().equals("week");
    boolean byTenant = Dimension.TENANT.label().equals(dimension);
    handle
        .createQuery(
            "SELECT * FROM rollups WHERE dimension = :dimension AND grain = :grain"
                + " AND bucket >= :start AND bucket < :end")
        .bind("dimension", dimension)
        .bind("grain", week ? "day" : bucket.grain())
        .bind("start", start)
        .bind("end", week ? start.plusDays(7) : start.plusSeconds(1))
        .setFetchSize(ROWS_AT_ONCE)
        .map(
            (row, context) -> {
              Name name =
                  byTenant
                      ? new Name(row.getString("tenant"), "")
                      : new Name(row.getString("key"), row.getString("key2"));
              RollupFold.add(cells.computeIfAbsent(name, key -> new Measures()), row);
              return 1;
            })
        .forEach(one -> {});
    Pack.Bytes bytes = Pack.write(cells);
    handle.execute(
        "INSERT INTO rollup_packs (dimension, grain, bucket, sums, sketches)"
            + " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        dimension,
        bucket.grain(),
        start,
        bytes.sums(),
        bytes.sketches());
  }
}
