package io.llmtrace.controlplane.content;

import io.llmtrace.controlplane.lifecycle.HeldRows;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions of content, one a day (UTC) of the exchange. A day past the retention is dropped
 * whole, after what holds keep of it was moved away; that is deleted once no hold keeps it any
 * more. Any replica may maintain them at any time. Thread-safe.
 */
public final class ContentDays {
  private static final Logger log = LoggerFactory.getLogger(ContentDays.class);
  private static final Pattern NAME = Pattern.compile("content_day_(\\d{8})");
  private static final int ROWS_OF_A_STEP = 200;

  /** Days ahead of today that content may have; clocks differ, but not by more. */
  private static final int DAYS_AHEAD = 1;

  private final Supplier<Jdbi> jdbi;
  private final Clock clock;
  private final int days;
  private final Set<LocalDate> known = ConcurrentHashMap.newKeySet();

  /**
   * @param days that content is kept, today included
   */
  public ContentDays(Supplier<Jdbi> jdbi, Clock clock, int days) {
    this.jdbi = jdbi;
    this.clock = clock;
    this.days = days;
  }

  private LocalDate today() {
    return LocalDate.now(clock.withZone(ZoneOffset.UTC));
  }

  /** The first day that is kept. */
  LocalDate keptFrom() {
    return today().minusDays(days - 1L);
  }

  LocalDate latest() {
    return today().plusDays(DAYS_AHEAD);
  }

  /** Makes the partitions of days that are not there; outside of any transaction. */
  void ensure(Collection<LocalDate> wanted) {
    for (LocalDate day : wanted) {
      if (!known.contains(day)) {
        jdbi.get().useTransaction(handle -> handle.execute("SELECT llmtrace_content_day(?)", day));
        known.add(day);
      }
    }
  }

  /** Has all days looked up again: a partition that was there may have been dropped. */
  void forget() {
    known.clear();
  }

  /** Makes the next days, and deletes what is past its time. */
  public void maintain() {
    ensure(List.of(today(), today().plusDays(1), today().plusDays(2)));
    for (String table : jdbi.get().withHandle(ContentDays::tables)) {
      Matcher name = NAME.matcher(table);
      if (name.matches()
          && LocalDate.parse(name.group(1), DateTimeFormatter.BASIC_ISO_DATE)
              .isBefore(keptFrom())) {
        drop(table);
      }
    }
    known.removeIf(day -> day.isBefore(keptFrom()));
    release();
  }

  private static List<String> tables(Handle handle) {
    return handle
        .createQuery(
            "SELECT c.relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid"
                + " WHERE i.inhparent = 'content_day'::regclass ORDER BY c.relname")
        .mapTo(String.class)
        .list();
  }

  private void drop(String table) {
    int moved = ROWS_OF_A_STEP;
    while (moved == ROWS_OF_A_STEP) {
      moved = jdbi.get().inTransaction(handle -> move(handle, table));
    }
    jdbi.get()
        .useTransaction(
            handle -> {
              // A reader that holds the table must not make everybody queue behind this statement.
              handle.execute("SET LOCAL lock_timeout = '2s'");
              HeldRows.beginDeletes(handle);
              boolean there =
                  handle
                      .createQuery("SELECT to_regclass(:table) IS NOT NULL")
                      .bind("table", table)
                      .mapTo(Boolean.class)
                      .one();
              if (!there) {
                return;
              }
              // Nothing can be written to it from here on; few rows are left to be moved, if any.
              // The parent first, as whoever writes comes by it: dropping needs it too.
              handle.execute("LOCK TABLE ONLY content_day, " + table + " IN ACCESS EXCLUSIVE MODE");
              int rest = ROWS_OF_A_STEP;
              while (rest == ROWS_OF_A_STEP) {
                rest = move(handle, table);
              }
              handle.execute("DROP TABLE " + table);
              log.info("Dropped {}: its retention is over", table);
            });
  }

  private static int move(Handle handle, String table) {
    return handle
        .createUpdate(
            "UPDATE content SET kept = 'hold' WHERE kept = 'day' AND (decision_id, tenant, part,"
                + " day) IN (SELECT e.decision_id, e.tenant, e.part, e.day FROM "
                + table
                + " e WHERE "
                + HeldRows.HELD
                + " LIMIT :most)")
        .bind("most", ROWS_OF_A_STEP)
        .execute();
  }

  /** Deletes what was kept by holds that are over. */
  private void release() {
    int rows = ROWS_OF_A_STEP;
    while (rows == ROWS_OF_A_STEP) {
      rows =
          jdbi.get()
              .inTransaction(
                  handle -> {
                    HeldRows.beginDeletes(handle);
                    return handle
                        .createUpdate(
                            "DELETE FROM content WHERE kept = 'hold' AND (decision_id, tenant, part,"
                                + " day) IN (SELECT e.decision_id, e.tenant, e.part, e.day FROM"
                                + " content_hold e WHERE e.day < :from AND NOT "
                                + HeldRows.HELD
                                + " LIMIT :most)")
                        .bind("from", keptFrom())
                        .bind("most", ROWS_OF_A_STEP)
                        .execute();
                  });
    }
  }
}
