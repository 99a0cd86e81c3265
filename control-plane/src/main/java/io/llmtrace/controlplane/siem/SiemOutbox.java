package io.llmtrace.controlplane.siem;

import io.llmtrace.controlplane.storage.SeverityRank;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.SiemConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * What sinks still have to get. A replica takes a sink for a while and then works alone on it; one
 * that ended leaves it to another when its time is over. Thread-safe.
 */
final class SiemOutbox {
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  /** Longer than a rollout; a sink that is configured is seen each minute. */
  private static final Duration GONE_AFTER = Duration.ofHours(1);

  private static final int ROWS_AT_ONCE = 5_000;

  /** The oldest rows of a sink. */
  private static final String UP_TO =
      "SELECT id FROM siem_outbox WHERE sink = :sink AND id <= :bound ORDER BY id LIMIT :most";

  private final Supplier<Jdbi> jdbi;
  private final String replica;
  private final Duration lease;

  /**
   * @param replica unlike all others
   * @param lease longer than a batch may take
   */
  SiemOutbox(Supplier<Jdbi> jdbi, String replica, Duration lease) {
    this.jdbi = jdbi;
    this.replica = replica;
    this.lease = lease;
  }

  /**
   * A batch to be sent.
   *
   * @param ids of its rows, also of those that make no event
   * @param missing rows whose finding is not there any more
   * @param filtered rows of findings that are not severe enough
   */
  record Batch(List<Long> ids, List<Event> events, int missing, int filtered) {}

  /** What waits for a sink, and since when the oldest. */
  record Lag(String sink, long waiting, double seconds) {}

  /**
   * Says that the sinks of the configuration are there, and takes those out that no replica has
   * said so of for a while: during a rollout there are two configurations, and none of them is
   * wrong.
   */
  void configure(Collection<String> names, Severity least) {
    Jdbi database = jdbi.get();
    database.useHandle(
        handle ->
            handle
                .createUpdate(
                    "INSERT INTO siem_sinks (name, min_severity) SELECT n, :least FROM"
                        + " unnest(:names) n ORDER BY n ON CONFLICT (name) DO UPDATE SET"
                        + " min_severity = excluded.min_severity, seen_at = clock_timestamp()")
                .bindArray("names", String.class, names)
                .bind("least", SeverityRank.of(least))
                .execute());
    List<String> gone =
        database.withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT name FROM siem_sinks WHERE seen_at < clock_timestamp() -"
                            + " make_interval(secs => :after)")
                    .bind("after", (double) GONE_AFTER.toSeconds())
                    .mapTo(String.class)
                    .list());
    for (String sink : gone) {
      // Its rows before and behind it: ingest goes on meanwhile, and waits for neither.
      delete(database, sink, UP_TO, Long.MAX_VALUE);
      database.useHandle(handle -> handle.execute("DELETE FROM siem_sinks WHERE name = ?", sink));
      delete(database, sink, UP_TO, Long.MAX_VALUE);
    }
  }

  /**
   * What was given up for a sink.
   *
   * @param rows because there were too many
   * @param aged because they were too old
   */
  record GivenUp(int rows, int aged) {}

  /**
   * Gives up the oldest rows of a sink that are too many or too old. By the replica alone that has
   * the sink, also while the sink is put off: so no row is given up that is just being sent.
   */
  GivenUp trim(String sink, SiemConfig.Waiting bounds) {
    Jdbi database = jdbi.get();
    boolean mine = database.withHandle(handle -> claim(handle, sink, "")).isPresent();
    if (!mine) {
      return new GivenUp(0, 0);
    }
    int aged =
        delete(
            database,
            sink,
            // The front alone is looked at: ids are given in the order of time, or nearly so.
            "SELECT f.id FROM (SELECT id, created_at FROM siem_outbox WHERE sink = :sink ORDER BY"
                + " id LIMIT :most) f WHERE f.created_at < clock_timestamp() - make_interval(secs"
                + " => :bound)",
            bounds.longest().toSeconds());
    Optional<Long> last =
        database.withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT id FROM siem_outbox WHERE sink = :sink ORDER BY id DESC OFFSET"
                            + " :kept LIMIT 1")
                    .bind("sink", sink)
                    .bind("kept", bounds.most())
                    .mapTo(Long.class)
                    .findOne());
    int rows = 0;
    if (last.isPresent()) {
      rows = delete(database, sink, UP_TO, last.get());
    }
    return new GivenUp(rows, aged);
  }

  /** Deletes the rows that a query gives, some at once, until it gives no more. */
  private static int delete(Jdbi database, String sink, String query, long bound) {
    int all = 0;
    int deleted;
    do {
      deleted =
          database.withHandle(
              handle ->
                  handle
                      .createUpdate(
                          "DELETE FROM siem_outbox WHERE sink = :sink AND id IN (" + query + ")")
                      .bind("sink", sink)
                      .bind("bound", bound)
                      .bind("most", ROWS_AT_ONCE)
                      .execute());
      all += deleted;
    } while (deleted == ROWS_AT_ONCE);
    return all;
  }

  /** The oldest rows of a sink, if it is this replica's turn and there are any. */
  Optional<Batch> take(String sink, int most) {
    return jdbi.get()
        .inTransaction(
            handle -> {
              Optional<Integer> least = claim(handle, sink, " AND next_at <= clock_timestamp()");
              return least.flatMap(severity -> read(handle, sink, severity, most));
            });
  }

  /** The least severity of a sink, if it is this replica's turn. */
  private Optional<Integer> claim(Handle handle, String sink, String due) {
    return handle
        .createQuery(
            "UPDATE siem_sinks SET claimed_by = :me,"
                + " claimed_until = clock_timestamp() + make_interval(secs => :lease)"
                + " WHERE name = :sink AND (claimed_by = :me OR claimed_until <= clock_timestamp())"
                + due
                + " RETURNING min_severity")
        .bind("me", replica)
        .bind("lease", (double) lease.toSeconds())
        .bind("sink", sink)
        .mapTo(Integer.class)
        .findOne();
  }

  private static Optional<Batch> read(Handle handle, String sink, int least, int most) {
    List<Long> ids = new ArrayList<>();
    List<Events.Waiting> waiting = new ArrayList<>();
    handle
        .createQuery(
            "SELECT id, decision_id, origin, place FROM siem_outbox WHERE sink = :sink"
                + " ORDER BY id LIMIT :most")
        .bind("sink", sink)
        .bind("most", most)
        .map(
            (row, context) ->
                Map.entry(
                    row.getLong("id"),
                    new Events.Waiting(
                        row.getString("decision_id"),
                        row.getString("origin"),
                        row.getInt("place"))))
        .forEach(
            each -> {
              ids.add(each.getKey());
              waiting.add(each.getValue());
            });
    if (ids.isEmpty()) {
      return Optional.empty();
    }
    Map<Events.Waiting, Event> found = Events.of(handle, waiting);
    List<Event> events = new ArrayList<>();
    int missing = 0;
    for (Events.Waiting each : waiting) {
      Event event = found.get(each);
      if (event == null) {
        missing++;
      } else if (SeverityRank.of(event.severity()) >= least) {
        events.add(event);
      }
    }
    return Optional.of(new Batch(ids, events, missing, ids.size() - missing - events.size()));
  }

  /** Forgets what a sink has. */
  void sent(String sink, List<Long> ids) {
    jdbi.get()
        .useTransaction(
            handle -> {
              handle
                  .createUpdate("DELETE FROM siem_outbox WHERE sink = :sink AND id = ANY(:ids)")
                  .bind("sink", sink)
                  .bindArray("ids", Long.class, ids)
                  .execute();
              handle.execute(
                  "UPDATE siem_sinks SET failures = 0, last_error = NULL"
                      + " WHERE name = ? AND failures > 0",
                  sink);
            });
  }

  /** Puts a sink off, longer each time, for all replicas. */
  void failed(String sink, String reason) {
    jdbi.get()
        .useHandle(
            handle ->
                handle
                    .createUpdate(
                        "UPDATE siem_sinks SET failures = failures + 1, last_error = :reason,"
                            + " next_at = clock_timestamp() + make_interval(secs =>"
                            + " least(:longest, power(2, least(failures, 20))))"
                            + " WHERE name = :sink")
                    .bind("reason", reason)
                    .bind("longest", (double) LONGEST_PAUSE.toSeconds())
                    .bind("sink", sink)
                    .execute());
  }

  /** Leaves its sinks to others at once. */
  void release() {
    jdbi.get()
        .useHandle(
            handle ->
                handle.execute(
                    "UPDATE siem_sinks SET claimed_by = NULL, claimed_until = '-infinity'"
                        + " WHERE claimed_by = ?",
                    replica));
  }

  /** Of all sinks. */
  List<Lag> lags() {
    return jdbi.get()
        .withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT s.name, count(o.id) AS waiting, coalesce(extract(epoch FROM"
                            + " clock_timestamp() - min(o.created_at)), 0) AS seconds FROM"
                            + " siem_sinks s LEFT JOIN siem_outbox o ON o.sink = s.name GROUP BY"
                            + " s.name")
                    .map(
                        (row, context) ->
                            new Lag(
                                row.getString("name"),
                                row.getLong("waiting"),
                                Math.max(0, row.getDouble("seconds"))))
                    .list());
  }
}
