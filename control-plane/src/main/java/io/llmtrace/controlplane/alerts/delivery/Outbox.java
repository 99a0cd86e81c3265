package io.llmtrace.controlplane.alerts.delivery;

import static io.llmtrace.controlplane.alerts.delivery.DatabaseTime.bound;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.storage.StorableJson;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Notices that are to be told: rows that {@link Delivery} takes once the transaction that added
 * them is committed. Stateless.
 */
public final class Outbox {
  /** How long rows are kept after their end, and the log of attempts. */
  static final int KEPT_DAYS = 30;

  private static final int ROWS_OF_A_STEP = 10_000;

  private Outbox() {}

  /**
   * Adds a notice for a channel, in the caller's transaction. The same notice again changes
   * nothing.
   *
   * @param channel its configured name
   */
  public static void add(Handle handle, String channel, Notice notice) {
    add(handle, null, channel, notice);
  }

  /** Adds a row under an id that was taken before, or under the next one. */
  static void add(Handle handle, @Nullable Long id, String channel, Notice notice) {
    handle
        .createUpdate(
            "INSERT INTO alert_outbox (id, notice_id, incident, number, channel, tenant, kind,"
                + " rule, severity, notice) OVERRIDING SYSTEM VALUE VALUES"
                + " (coalesce(:id, nextval(pg_get_serial_sequence('alert_outbox', 'id'))),"
                + " :notice_id, :incident, :number, :channel, :tenant, :kind, :rule, :severity,"
                + " CAST(:notice AS jsonb)) ON CONFLICT (channel, notice_id) DO NOTHING")
        .bindByType("id", id, Long.class)
        .bind("notice_id", notice.id())
        .bind("incident", notice.incident())
        .bind("number", notice.number())
        .bind("channel", channel)
        .bind("tenant", notice.tenant())
        .bind("kind", notice.kind().label())
        .bind("rule", StorableJson.text(notice.rule()))
        .bind("severity", Rank.of(notice.severity()))
        .bind("notice", NoticeJson.write(notice))
        .execute();
  }

  /**
   * Lets a parked notice wait again, for another 24 hours. It may come after later ones of its
   * incident, which did not wait for it.
   *
   * @return false where there is no such row, or none that is parked
   */
  public static boolean retry(Handle handle, long id) {
    return retry(handle, "id = :value", id) == 1;
  }

  /**
   * The same for all that is parked of a channel, after it was mended.
   *
   * @return how many
   */
  public static int retryAll(Handle handle, String channel) {
    return retry(handle, "channel = :value", channel);
  }

  private static int retry(Handle handle, String which, Object value) {
    return handle
        .createUpdate(
            "UPDATE alert_outbox SET state = 'waiting', first_at = NULL, next_at = '-infinity',"
                + " ended_at = NULL, claimed_by = NULL, claimed_until = NULL"
                + " WHERE state = 'parked' AND "
                + which)
        .bind("value", value)
        .execute();
  }

  /** All channels that replicas have or had, and those that rows are for. */
  public static List<ChannelHealth> health(Handle handle) {
    return handle
        .createQuery(
            "SELECT coalesce(c.name, o.channel) AS name, c.failing_since, c.last_error,"
                + " coalesce(o.waiting, 0) AS waiting, o.oldest, coalesce(o.parked, 0) AS parked"
                + " FROM alert_channels c FULL JOIN (SELECT channel,"
                + " count(*) FILTER (WHERE state = 'waiting') AS waiting,"
                + " min(created_at) FILTER (WHERE state = 'waiting') AS oldest,"
                + " count(*) FILTER (WHERE state = 'parked') AS parked FROM alert_outbox"
                + " WHERE state IN ('waiting', 'parked') GROUP BY channel) o"
                + " ON o.channel = c.name ORDER BY 1")
        .map(
            (row, context) ->
                new ChannelHealth(
                    row.getString("name"),
                    instant(row, "failing_since"),
                    row.getString("last_error"),
                    row.getLong("waiting"),
                    instant(row, "oldest"),
                    row.getLong("parked")))
        .list();
  }

  static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  /** Deletes what ended 30 days ago, and attempts as old, in transactions of some rows each. */
  public static void forget(Supplier<Jdbi> jdbi) {
    forget(jdbi, DatabaseTime.REAL);
  }

  static void forget(Supplier<Jdbi> jdbi, DatabaseTime time) {
    // What a waiting row went through is told as long as it waits.
    delete(
        jdbi,
        time,
        "alert_attempts",
        "x.at < :until AND NOT EXISTS (SELECT FROM alert_outbox o WHERE o.id = x.outbox_id"
            + " AND o.state = 'waiting')");
    delete(jdbi, time, "alert_outbox", "x.state <> 'waiting' AND x.ended_at < :until");
  }

  private static void delete(Supplier<Jdbi> jdbi, DatabaseTime time, String table, String which) {
    int deleted = ROWS_OF_A_STEP;
    while (deleted == ROWS_OF_A_STEP) {
      deleted =
          jdbi.get()
              .inTransaction(
                  handle ->
                      handle
                          .createUpdate(
                              "DELETE FROM "
                                  + table
                                  + " WHERE id IN (SELECT x.id FROM "
                                  + table
                                  + " x WHERE "
                                  + which
                                  + " LIMIT :most FOR UPDATE SKIP LOCKED)")
                          .bind("until", bound(time.now(handle).minusSeconds(KEPT_DAYS * 86_400L)))
                          .bind("most", ROWS_OF_A_STEP)
                          .execute());
    }
  }
}
