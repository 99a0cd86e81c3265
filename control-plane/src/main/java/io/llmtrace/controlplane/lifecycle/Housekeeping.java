package io.llmtrace.controlplane.lifecycle;

import io.llmtrace.controlplane.statistics.RollupFold;
import java.util.List;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;

/**
 * Deletes rows of tables without partitions once nothing needs them any more, in transactions of
 * some rows each. Any replica may run it at any time; one at a time does. Thread-safe.
 */
public final class Housekeeping {
  private static final int ROWS_OF_A_STEP = 10_000;

  /**
   * Rows of a table that are of no more use.
   *
   * @param which a condition on the table's alias x
   */
  private record Age(String table, String which) {}

  private static final List<Age> AGES =
      List.of(
          // A batch that is sent again later than this finds its exchanges by their own ids.
          new Age("batches", "received_at < now() - interval '31 days'"),
          // Totals count losses for ever; the rows say when.
          new Age(
              "losses", "at < (extract(epoch FROM now()) * 1000)::bigint - 90 * 86400000::bigint"),
          // An answer to a request that is sent again; nobody asks for it later.
          new Age("idempotency", "created_at < now() - interval '24 hours'"),
          new Age("set_aside", "received_at < now() - interval '30 days'"),
          new Age(
              "set_aside_batches",
              "received_at < now() - interval '30 days' OR replayed_at < now() - interval '7"
                  + " days'"),
          // Questions about hours are about the last weeks; see RollupFold.
          new Age(
              "rollups",
              "grain = 'hour' AND bucket < now() - interval '%d days'"
                      .formatted(RollupFold.HOUR_DAYS)
                  + " OR grain = 'day' AND bucket < now() - interval '%d years'"
                      .formatted(RollupFold.DAY_YEARS)),
          // Those of rows go with them; these are of hours and days that had none.
          new Age(
              "rollup_packs",
              "grain = 'hour' AND bucket < now() - interval '%d days'"
                      .formatted(RollupFold.HOUR_DAYS)
                  + " OR grain <> 'hour' AND bucket < now() - interval '%d years'"
                      .formatted(RollupFold.DAY_YEARS)),
          // Taken away; one that comes back reports within seconds.
          new Age("instances", "received_at < now() - interval '1 day'"),
          // Of processes that are gone: one that runs sends something in a year.
          new Age("received_records", "updated_at < now() - interval '400 days'"),
          new Age("anomalies", "ended_at < now() - interval '400 days'"),
          // Says of an exchange that it was counted: needed as long as a late answer finds it.
          new Age(
              "settled_late",
              "at < now() - interval '1 day' AND NOT EXISTS (SELECT FROM exchanges e"
                  + " WHERE e.decision_id = x.decision_id AND e.day = x.day)"));

  private final Supplier<Jdbi> jdbi;
  private final int step;

  public Housekeeping(Supplier<Jdbi> jdbi) {
    this(jdbi, ROWS_OF_A_STEP);
  }

  Housekeeping(Supplier<Jdbi> jdbi, int step) {
    this.jdbi = jdbi;
    this.step = step;
  }

  /** Deletes all that is past its age, or nothing more once another replica is at it. */
  public void run() {
    for (Age age : AGES) {
      int deleted = step;
      while (deleted == step) {
        deleted =
            jdbi.get()
                .inTransaction(
                    handle ->
                        Turns.tryTake(handle, Turns.HOUSEKEEPING)
                            ? handle
                                .createUpdate(
                                    "DELETE FROM "
                                        + age.table()
                                        + " WHERE ctid = ANY(ARRAY(SELECT x.ctid FROM "
                                        + age.table()
                                        + " x WHERE "
                                        + age.which()
                                        + " LIMIT :most))")
                                .bind("most", step)
                                .execute()
                            : 0);
      }
    }
  }
}
