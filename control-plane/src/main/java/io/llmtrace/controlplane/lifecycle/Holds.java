package io.llmtrace.controlplane.lifecycle;

import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.storage.DropGuard;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.controlplane.storage.RetentionClass;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Moves rows into the class {@code hold} and back. A day is moved once it is over, because its rows
 * are written and joined until then; rows that come later for it are moved before its partition is
 * dropped, and no partition is dropped that has rows under hold. A hold does not depend on where
 * its rows are: erasure asks the hold itself. Any replica may run it at any time; one at a time
 * moves rows. Thread-safe.
 */
public final class Holds implements DropGuard {
  private static final int ROWS_OF_A_STEP = 2_000;

  /** In the order in which rows are moved and deleted: exchanges tell whose the others are. */
  static final List<String> TABLES = List.of("findings", "completions", "exchanges");

  /**
   * How long the rows of an ended hold are looked for once more: ingest may have been writing to
   * the class when it ended.
   */
  private static final String AFTERWARDS = "1 hour";

  private static final String ACTIVE = "ended_at IS NULL";

  private record Moved(
      String id,
      String tenant,
      @Nullable String consumer,
      LocalDate from,
      @Nullable LocalDate until,
      @Nullable LocalDate movedUntil,
      boolean released) {
    boolean covers(LocalDate day) {
      return !day.isBefore(from) && (until == null || !day.isAfter(until));
    }
  }

  private final Supplier<Jdbi> jdbi;
  private final Partitions partitions;
  private final Function<String, RetentionClass> retention;
  private final int step;

  /**
   * @param retention class of a tenant's exchanges
   */
  public Holds(
      Supplier<Jdbi> jdbi, Partitions partitions, Function<String, RetentionClass> retention) {
    this(jdbi, partitions, retention, ROWS_OF_A_STEP);
  }

  Holds(
      Supplier<Jdbi> jdbi,
      Partitions partitions,
      Function<String, RetentionClass> retention,
      int step) {
    this.jdbi = jdbi;
    this.partitions = partitions;
    this.retention = retention;
    this.step = step;
  }

  /** Moves what active holds cover, and gives back what ended ones did. */
  public void run() {
    List<LocalDate> days = partitions.days(jdbi.get());
    for (Moved hold : holds(ACTIVE)) {
      LocalDate today = partitions.today();
      boolean all = true;
      for (LocalDate day : days) {
        boolean due = hold.movedUntil() == null || !day.isBefore(hold.movedUntil());
        if (due && hold.covers(day) && day.isBefore(today)) {
          all &= move(hold, day);
        }
      }
      if (all && !today.equals(hold.movedUntil())) {
        jdbi.get()
            .useHandle(
                handle ->
                    handle.execute(
                        "UPDATE holds SET moved_until = ? WHERE id = ?", today, hold.id()));
      }
    }
    for (Moved hold :
        holds(
            "ended_at IS NOT NULL AND (released_at IS NULL OR ended_at > now() - interval '"
                + AFTERWARDS
                + "')")) {
      release(hold, days);
    }
  }

  private List<Moved> holds(String which) {
    return jdbi.get()
        .withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT id, tenant, consumer, from_day, until_day, moved_until,"
                            + " released_at IS NOT NULL AS released"
                            + " FROM holds WHERE "
                            + which
                            + " ORDER BY id")
                    .map(
                        (row, context) ->
                            new Moved(
                                row.getString("id"),
                                row.getString("tenant"),
                                row.getString("consumer"),
                                row.getObject("from_day", LocalDate.class),
                                row.getObject("until_day", LocalDate.class),
                                row.getObject("moved_until", LocalDate.class),
                                row.getBoolean("released")))
                    .list());
  }

  @Override
  public void save(LocalDate day) {
    for (Moved hold : holds(ACTIVE)) {
      if (hold.covers(day)) {
        boolean unused = move(hold, day);
      }
    }
  }

  @Override
  public boolean mayDrop(Handle handle, String parent, String table, LocalDate day) {
    Turns.take(handle, Turns.DELETES);
    if (!Hold.anyOn(handle, day.toString())) {
      return true;
    }
    // Nothing that is written from here on, such as a late answer, can be missed.
    handle.execute("LOCK TABLE " + table + " IN SHARE MODE");
    return !handle
        .createQuery(
            "SELECT EXISTS (SELECT FROM holds h JOIN "
                + table
                + " x ON x.tenant = h.tenant WHERE h.ended_at IS NULL AND x.day >= h.from_day"
                + " AND (h.until_day IS NULL OR x.day <= h.until_day) AND "
                + Hold.CONSUMER_OF_X
                + ")")
        .mapTo(Boolean.class)
        .one();
  }

  /** False if another replica was at it. */
  private boolean move(Moved hold, LocalDate day) {
    partitions.ensure(jdbi.get(), RetentionClass.HOLD, List.of(day));
    for (String table : TABLES) {
      int moved = step;
      while (moved > 0) {
        moved =
            jdbi.get()
                .inTransaction(
                    handle ->
                        Turns.tryTake(handle, Turns.MOVES)
                            ? handle
                                .createUpdate(
                                    "UPDATE "
                                        + table
                                        + " SET retention = 'hold' WHERE day = :day AND retention <>"
                                        + " 'hold' AND decision_id IN (SELECT x.decision_id FROM "
                                        + table
                                        + " x JOIN holds h ON h.tenant = x.tenant WHERE h.id = :hold"
                                        + " AND h.ended_at IS NULL AND x.day = :day"
                                        + " AND x.retention <> 'hold' AND "
                                        + Hold.CONSUMER_OF_X
                                        + " LIMIT :most)")
                                .bind("day", day)
                                .bind("hold", hold.id())
                                .bind("most", step)
                                .execute()
                            : -1);
      }
      if (moved < 0) {
        return false;
      }
    }
    return true;
  }

  private void release(Moved hold, List<LocalDate> days) {
    RetentionClass target = retention.apply(hold.tenant());
    Map<String, Long> counts = new LinkedHashMap<>();
    if (target != RetentionClass.HOLD) {
      LocalDate keptFrom = partitions.keptFrom(target);
      for (LocalDate day : days) {
        if (hold.covers(day)) {
          boolean kept = !day.isBefore(keptFrom);
          if (kept) {
            partitions.ensure(jdbi.get(), target, List.of(day));
          }
          for (String table : TABLES) {
            long rows = release(hold, table, day, kept ? target : null);
            if (rows < 0) {
              return;
            }
            counts.merge((kept ? "moved " : "deleted ") + table, rows, Long::sum);
          }
        }
      }
    }
    counts.values().removeIf(count -> count == 0);
    if (!hold.released() || !counts.isEmpty()) {
      jdbi.get()
          .useTransaction(
              handle -> {
                handle.execute(
                    "UPDATE holds SET released_at = coalesce(released_at, now()) WHERE id = ?",
                    hold.id());
                Audit.appendOfSystem(
                    handle,
                    new Change("hold.release", hold.tenant(), "hold:" + hold.id(), null, counts));
              });
    }
  }

  /**
   * Moves a day's rows of an ended hold to a class, or deletes them.
   *
   * @param target null deletes
   * @return rows, or -1 if another replica was at it
   */
  private long release(Moved hold, String table, LocalDate day, @Nullable RetentionClass target) {
    String which =
        " WHERE day = :day AND retention = 'hold' AND decision_id IN (SELECT x.decision_id FROM "
            + table
            + " x JOIN holds h ON h.tenant = x.tenant WHERE h.id = :hold AND x.day = :day"
            + " AND x.retention = 'hold' AND "
            + Hold.CONSUMER_OF_X
            + " AND NOT EXISTS (SELECT FROM holds o WHERE o.ended_at IS NULL AND o.tenant = x.tenant"
            + " AND x.day >= o.from_day AND (o.until_day IS NULL OR x.day <= o.until_day) AND "
            + Hold.CONSUMER_OF_X.replace("h.", "o.")
            + ") LIMIT :most)";
    long all = 0;
    int rows = step;
    while (rows > 0) {
      rows =
          jdbi.get()
              .inTransaction(
                  handle -> {
                    if (!Turns.tryTake(handle, Turns.MOVES)) {
                      return -1;
                    }
                    Turns.take(handle, Turns.DELETES);
                    return handle
                        .createUpdate(
                            (target == null
                                    ? "DELETE FROM " + table
                                    : "UPDATE "
                                        + table
                                        + " SET retention = '"
                                        + target.label()
                                        + "'")
                                + which)
                        .bind("day", day)
                        .bind("hold", hold.id())
                        .bind("most", step)
                        .execute();
                  });
      if (rows < 0) {
        return -1;
      }
      all += rows;
    }
    return all;
  }
}
