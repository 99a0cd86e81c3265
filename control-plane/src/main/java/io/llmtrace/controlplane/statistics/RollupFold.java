package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.statistics.Measures.Sum;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/**
 * Adds the journal to the sums by hour and by day. Any replica may run it at any time; one at a
 * time does. Thread-safe.
 */
public final class RollupFold {
  private static final int ROWS_OF_A_STEP = 50_000;

  /** What is read is summed up at once, and never all in memory. */
  private static final int ROWS_AT_ONCE = 2_000;

  /** Of the journal: more of them slow down questions that add them. */
  private static final int ENOUGH_ROWS = 50_000;

  /** Rows of the journal wait no longer. */
  private static final Duration LONGEST = Duration.ofSeconds(10);

  /** Days that sums by hour are kept: they answer about weeks. */
  public static final int HOUR_DAYS = 62;

  /** Years that sums by day are kept. */
  public static final int DAY_YEARS = 10;

  private static final String SUMS =
      Arrays.stream(Sum.values()).map(Sum::column).collect(Collectors.joining(", "));
  private static final String KEYS = "dimension, bucket, tenant, key, key2";

  /** All cells at once, as an array for each column: one statement and one plan, not thousands. */
  private static final String UPSERT =
      "INSERT INTO rollups AS r (grain, "
          + KEYS
          + ", cost_usd, latency, "
          + SUMS
          + ") SELECT :grain, c.* FROM unnest(CAST(:dimensions AS text[]),"
          + " CAST(:buckets AS timestamptz[]), CAST(:tenants AS text[]), CAST(:keys AS text[]),"
          + " CAST(:keys2 AS text[]), CAST(:costs AS numeric[]), CAST(:latencies AS bytea[]), "
          + Arrays.stream(Sum.values())
              .map(sum -> "CAST(:" + sum.column() + " AS bigint[])")
              .collect(Collectors.joining(", "))
          + ") AS c ON CONFLICT (dimension, grain, bucket, tenant, key, key2) DO UPDATE SET"
          + " cost_usd = r.cost_usd + excluded.cost_usd, latency = excluded.latency, "
          + Arrays.stream(Sum.values())
              .map(sum -> sum.column() + " = r." + sum.column() + " + excluded." + sum.column())
              .collect(Collectors.joining(", "));

  private final Supplier<Jdbi> jdbi;
  private volatile long last = System.nanoTime() - LONGEST.toNanos();

  public RollupFold(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Folds where it pays: what is added to a sum in many small steps costs as many writes of it, and
   * whoever asks for sums adds the journal himself. Where little is written it is soon done, where
   * much is, before asking gets slow.
   */
  public void runWhereDue() {
    long now = System.nanoTime();
    if (now - last < LONGEST.toNanos() && rows() < ENOUGH_ROWS) {
      return;
    }
    last = now;
    run();
  }

  /** Rows of the journal, or a few more: without counting them. */
  private long rows() {
    return jdbi.get()
        .withHandle(
            handle ->
                handle
                    .createQuery("SELECT coalesce(max(id) - min(id), 0) FROM rollup_journal")
                    .mapTo(Long.class)
                    .one());
  }

  /** Folds all there is, or nothing if another replica is at it. */
  public void run() {
    boolean more = true;
    while (more) {
      more = jdbi.get().inTransaction(RollupFold::step);
    }
  }

  private static boolean step(Handle handle) {
    boolean mine =
        handle.createQuery("SELECT pg_try_advisory_xact_lock(7366003)").mapTo(Boolean.class).one();
    if (!mine) {
      return false;
    }
    Map<Cell, Measures> hours = new TreeMap<>(Cell.ORDER);
    int[] taken = {0};
    handle
        .createQuery(
            "WITH taken AS (SELECT id FROM rollup_journal ORDER BY id LIMIT :most)"
                + " DELETE FROM rollup_journal j USING taken WHERE j.id = taken.id RETURNING j.*")
        .bind("most", ROWS_OF_A_STEP)
        .setFetchSize(ROWS_AT_ONCE)
        .map(
            (row, context) -> {
              add(hours.computeIfAbsent(cell(row), key -> new Measures()), row);
              return 1;
            })
        .forEach(one -> taken[0]++);
    // Before the hours have what is stored of them, which the days have as well.
    Map<Cell, Measures> days = new TreeMap<>(Cell.ORDER);
    hours.forEach(
        (hour, sums) ->
            days.computeIfAbsent(
                    new Cell(
                        hour.dimension(),
                        Cell.dayOf(hour.hour()),
                        hour.tenant(),
                        hour.key(),
                        hour.key2()),
                    key -> new Measures())
                .add(sums));
    write(handle, "hour", hours);
    write(handle, "day", days);
    return taken[0] == ROWS_OF_A_STEP;
  }

  private static void write(Handle handle, String grain, Map<Cell, Measures> cells) {
    if (cells.isEmpty()) {
      return;
    }
    latencies(handle, grain, cells);
    List<Measures> all = List.copyOf(cells.values());
    Update upsert =
        bindKeys(handle.createUpdate(UPSERT), List.copyOf(cells.keySet()))
            .bind("grain", grain)
            .bindArray(
                "costs",
                String.class,
                all.stream().map(each -> each.costUsd().toPlainString()).toList())
            .bindArray("latencies", String.class, all.stream().map(RollupFold::latency).toArray());
    for (Sum sum : Sum.values()) {
      upsert.bindArray(sum.column(), Long.class, all.stream().map(each -> each.get(sum)).toList());
    }
    upsert.execute();
  }

  /** As PostgreSQL reads bytes from text: the driver knows no arrays of bytes by name. */
  private static @Nullable String latency(Measures sums) {
    byte[] bytes = sums.latencyBytes();
    return bytes == null ? null : "\\x" + HexFormat.of().formatHex(bytes);
  }

  private static <S extends SqlStatement<S>> S bindKeys(S statement, List<Cell> cells) {
    return statement
        .bindArray(
            "dimensions", String.class, cells.stream().map(c -> c.dimension().label()).toList())
        .bindArray(
            "buckets", String.class, cells.stream().map(c -> time(c.hour()).toString()).toList())
        .bindArray("tenants", String.class, cells.stream().map(Cell::tenant).toList())
        .bindArray("keys", String.class, cells.stream().map(Cell::key).toList())
        .bindArray("keys2", String.class, cells.stream().map(Cell::key2).toList());
  }

  /** Sketches merge here and not in SQL: those that are stored are added before all is written. */
  private static void latencies(Handle handle, String grain, Map<Cell, Measures> cells) {
    bindKeys(
            handle.createQuery(
                "SELECT r.dimension, r.bucket, r.tenant, r.key, r.key2, r.latency FROM rollups r"
                    + " JOIN unnest(:dimensions, CAST(:buckets AS timestamptz[]), :tenants, :keys,"
                    + " :keys2) AS c(dimension, bucket, tenant, key, key2)"
                    + " USING (dimension, bucket, tenant, key, key2)"
                    + " WHERE r.grain = :grain AND r.latency IS NOT NULL"),
            List.copyOf(cells.keySet()))
        .bind("grain", grain)
        .map((row, context) -> Map.entry(cell(row), row.getBytes("latency")))
        .forEach(
            stored -> {
              Measures sums = cells.get(stored.getKey());
              if (sums != null) {
                sums.addLatencies(stored.getValue());
              }
            });
  }

  static Cell cell(ResultSet row) throws SQLException {
    return new Cell(
        Dimension.valueOf(row.getString("dimension").toUpperCase(Locale.ROOT)),
        row.getObject("bucket", OffsetDateTime.class).toInstant().toEpochMilli(),
        row.getString("tenant"),
        row.getString("key"),
        row.getString("key2"));
  }

  static void add(Measures to, ResultSet row) throws SQLException {
    for (Sum sum : Sum.values()) {
      to.add(sum, row.getLong(sum.column()));
    }
    BigDecimal cost = row.getBigDecimal("cost_usd");
    if (cost != null) {
      to.addCost(cost);
    }
    to.addLatencies(row.getBytes("latency"));
  }

  private static OffsetDateTime time(long epochMillis) {
    return Instant.ofEpochMilli(epochMillis).atOffset(ZoneOffset.UTC);
  }

  /**
   * Gives the sums of a consumer or agent another name, adding them to what that name has; in a
   * transaction of the caller, for which folding waits.
   *
   * @param dimension {@code consumer} or {@code agent}
   * @param most rows of sums
   * @return rows that had the name; fewer than {@code most} when none is left
   */
  public static int rename(
      Handle handle, String dimension, String tenant, String from, String to, int most) {
    handle.execute("SELECT pg_advisory_xact_lock(7366003)");
    int journal =
        handle.execute(
            "UPDATE rollup_journal SET key = ? WHERE dimension = ? AND tenant = ? AND key = ?",
            to,
            dimension,
            tenant,
            from);
    int sums = 0;
    for (String grain : List.of("hour", "day")) {
      Map<Cell, Measures> cells = new TreeMap<>(Cell.ORDER);
      int[] taken = {0};
      handle
          .createQuery(
              "DELETE FROM rollups WHERE (dimension, grain, bucket, tenant, key, key2) IN"
                  + " (SELECT dimension, grain, bucket, tenant, key, key2 FROM rollups"
                  + " WHERE dimension = :dimension AND grain = :grain AND tenant = :tenant"
                  + " AND key = :from LIMIT :most) RETURNING *")
          .bind("dimension", dimension)
          .bind("grain", grain)
          .bind("tenant", tenant)
          .bind("from", from)
          .bind("most", most - sums)
          .map(
              (row, context) -> {
                Cell cell = cell(row);
                add(
                    cells.computeIfAbsent(
                        new Cell(cell.dimension(), cell.hour(), cell.tenant(), to, cell.key2()),
                        key -> new Measures()),
                    row);
                return 1;
              })
          .forEach(one -> taken[0]++);
      write(handle, grain, cells);
      sums += taken[0];
    }
    return journal + sums;
  }
}
