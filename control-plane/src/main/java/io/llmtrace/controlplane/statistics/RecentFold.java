package io.llmtrace.controlplane.statistics;

import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Keeps the sums of the last hours small: makes one row of a cell's rows, of the models that hardly
 * anybody uses one, and drops what no rule looks at any more. Any replica may run it at any time;
 * one at a time does. Thread-safe.
 */
public final class RecentFold {
  /** How long the sums are kept. */
  public static final Duration KEPT = Duration.ofHours(2);

  /** The longest window that a rule may have, so that what it looks at is there. */
  public static final Duration LONGEST_WINDOW = Duration.ofHours(1);

  /** Cells of ten seconds that keep their model's name; the others have it in common. */
  static final int CELLS_OF_A_BUCKET = 1_000;

  /** What is younger may get rows every moment. */
  private static final int LOOSE_SECONDS = 20;

  /** A bucket with fewer loose rows is not worth the writing yet. */
  private static final int LOOSE_ROWS = 8;

  private static final long LOCK = 7366012;

  private static final String FOLD_SUMS =
      fold(
          "rollup_recent",
          "tenant, route, provider",
          Stream.concat(
                      Arrays.stream(RecentSum.values()).map(RecentSum::column),
                      IntStream.range(0, RecentSums.DURATIONS).mapToObj(i -> "b" + i))
                  .map(column -> column + ":sum")
                  .collect(Collectors.joining(","))
              + ",cost_usd:sum,lag_ms:max",
          "exchanges + requests + findings");
  private static final String FOLD_FINDINGS =
      fold(
          "rollup_recent_findings",
          "tenant, route, provider, type, severity, confidence, action",
          "count:sum",
          "count");

  private final Supplier<Jdbi> jdbi;
  private final Clock clock;

  public RecentFold(Supplier<Jdbi> jdbi, Clock clock) {
    this.jdbi = jdbi;
    this.clock = clock;
  }

  /** Does what is due, or nothing if another replica is at it. */
  public void run() {
    jdbi.get().useTransaction(this::step);
  }

  private void step(Handle handle) {
    boolean mine =
        handle
            .createQuery("SELECT pg_try_advisory_xact_lock(:lock)")
            .bind("lock", LOCK)
            .mapTo(Boolean.class)
            .one();
    if (!mine) {
      return;
    }
    long now = clock.instant().getEpochSecond();
    for (String table : new String[] {"rollup_recent", "rollup_recent_findings"}) {
      handle
          .createUpdate("DELETE FROM " + table + " WHERE bucket < :before")
          .bind("before", now - KEPT.toSeconds())
          .execute();
    }
    for (String fold : new String[] {FOLD_SUMS, FOLD_FINDINGS}) {
      handle
          .createUpdate(fold)
          .bind("before", now - LOOSE_SECONDS)
          .bind("loose", LOOSE_ROWS)
          .bind("most", CELLS_OF_A_BUCKET)
          .execute();
    }
  }

  /**
   * One statement: rows that a transaction of ingest adds meanwhile are not seen by it, and stay.
   *
   * @param columns each with what sums it up
   * @param weight what a cell keeps its model's name by
   */
  private static String fold(String table, String keys, String columns, String weight) {
    String names =
        Arrays.stream(columns.split(",", -1))
            .map(each -> each.substring(0, each.indexOf(':')))
            .collect(Collectors.joining(", "));
    String sums =
        Arrays.stream(columns.split(",", -1))
            .map(
                each -> {
                  String name = each.substring(0, each.indexOf(':'));
                  return each.substring(each.indexOf(':') + 1) + "(" + name + ") AS " + name;
                })
            .collect(Collectors.joining(", "));
    return """
        WITH loose AS (
          SELECT bucket FROM %1$s WHERE NOT folded AND bucket < :before
          GROUP BY bucket HAVING count(*) >= :loose),
        gone AS (
          DELETE FROM %1$s WHERE bucket IN (SELECT bucket FROM loose) RETURNING *),
        cells AS (
          SELECT bucket, %2$s, model, %4$s FROM gone GROUP BY bucket, %2$s, model),
        named AS (
          SELECT bucket, %2$s, %3$s, CASE WHEN row_number() OVER (
              PARTITION BY bucket ORDER BY %5$s DESC, %2$s, model) <= :most
            THEN model ELSE 'other' END AS model
          FROM cells)
        INSERT INTO %1$s (bucket, %2$s, model, %3$s, folded)
        SELECT bucket, %2$s, model, %4$s, true FROM named GROUP BY bucket, %2$s, model"""
        .formatted(table, keys, names, sums, weight);
  }
}
