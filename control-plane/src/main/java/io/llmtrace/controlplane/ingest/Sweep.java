package io.llmtrace.controlplane.ingest;

import io.llmtrace.controlplane.ingest.Completions.Joined;
import io.llmtrace.controlplane.ingest.Halves.First;
import io.llmtrace.controlplane.ingest.Prepared.Row;
import io.llmtrace.controlplane.metrics.Deltas;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.statistics.RollupJournal;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.controlplane.storage.RetentionClass;
import io.llmtrace.policies.wire.CompletionRecord;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Settles what no batch settles: exchanges that nobody answered in time, completions whose exchange
 * never came or was stored by another replica in the same moment. Any replica may run it at any
 * time; one at a time does. Thread-safe.
 */
public final class Sweep {
  /** Of exchanges that one transaction settles; after an outage many are due at once. */
  private static final String STEP = "10 minutes";

  private static final int WAITING_OF_A_STEP = 5_000;

  private final Supplier<Jdbi> jdbi;
  private final Totals totals;
  private final Partitions partitions;
  private final ExchangeListener listener;

  /**
   * @param listener is told of exchanges that are settled here
   */
  public Sweep(
      Supplier<Jdbi> jdbi, Totals totals, Partitions partitions, ExchangeListener listener) {
    this.jdbi = jdbi;
    this.totals = totals;
    this.partitions = partitions;
    this.listener = listener;
  }

  /** Settles all that is due, or nothing if another replica is at it. */
  public void run() throws SQLException {
    partitions.ensure(jdbi.get(), RetentionClass.STANDARD, days());
    boolean more = true;
    while (more) {
      List<StoredExchange> told = new ArrayList<>();
      more =
          totals.count(
              jdbi.get(),
              (handle, deltas) -> {
                Optional<OffsetDateTime> from = turn(handle);
                if (from.isEmpty()) {
                  // Another replica is at it.
                  return false;
                }
                RollupJournal journal = new RollupJournal();
                boolean behind = unobserved(handle, from.get(), deltas, journal, told);
                behind |= waiting(handle, deltas, journal, told);
                journal.write(handle);
                return behind;
              });
      listener.stored(told);
    }
  }

  private static Optional<OffsetDateTime> turn(Handle handle) {
    return handle
        .createQuery(
            "SELECT done_until FROM sweeps WHERE job = 'unobserved' FOR UPDATE SKIP LOCKED")
        .mapTo(OffsetDateTime.class)
        .findOne();
  }

  /** Whether more is due. */
  private static boolean unobserved(
      Handle handle,
      OffsetDateTime from,
      Deltas deltas,
      RollupJournal journal,
      List<StoredExchange> told) {
    OffsetDateTime due =
        handle
            .createQuery("SELECT now() - make_interval(mins => :minutes)")
            .bind("minutes", Halves.COMPLETION_MINUTES)
            .mapTo(OffsetDateTime.class)
            .one();
    OffsetDateTime until =
        handle
            .createQuery("SELECT least(:due, :from + CAST(:step AS interval))")
            .bind("due", due)
            .bind("from", from)
            .bind("step", STEP)
            .mapTo(OffsetDateTime.class)
            .one();
    if (!until.isAfter(from)) {
      return false;
    }
    handle
        .createQuery(
            "WITH settled AS (INSERT INTO settled_late (decision_id, day, by)"
                + " SELECT e.decision_id, e.day, 'sweep' FROM exchanges e"
                + " WHERE e.received_at >= :from AND e.received_at < :until AND e.tap"
                + " AND NOT EXISTS (SELECT FROM completions c"
                + " WHERE c.decision_id = e.decision_id AND c.day = e.day)"
                + " ORDER BY e.decision_id ON CONFLICT DO NOTHING RETURNING decision_id, day)"
                + " SELECT "
                + Halves.COLUMNS
                + " FROM exchanges e JOIN settled s"
                + " ON s.decision_id = e.decision_id AND s.day = e.day")
        .bind("from", from)
        .bind("until", until)
        .map((row, context) -> Map.entry(row.getString("decision_id"), Halves.first(row, true)))
        .forEach(
            entry -> {
              deltas.unobserved(
                  Objects.requireNonNull(entry.getValue().asked(), "read from an exchange"));
              journal.unobserved(entry.getKey(), entry.getValue().keys());
              told.add(new StoredExchange(entry.getKey(), null, null));
            });
    handle.execute("UPDATE sweeps SET done_until = ? WHERE job = 'unobserved'", until);
    return until.isBefore(due);
  }

  private boolean waiting(
      Handle handle, Deltas deltas, RollupJournal journal, List<StoredExchange> told)
      throws SQLException {
    Map<String, Row<CompletionRecord>> due = new LinkedHashMap<>();
    handle
        .createQuery(
            "DELETE FROM waiting_completions WHERE decision_id IN ("
                + "SELECT w.decision_id FROM waiting_completions w"
                + " WHERE w.since < now() - make_interval(mins => :minutes) OR EXISTS ("
                + "SELECT FROM exchanges e WHERE e.decision_id = w.decision_id"
                + " AND e.day = llmtrace_ulid_day(w.decision_id)) LIMIT :most)"
                + " RETURNING node, record::text AS record")
        .bind("minutes", Halves.COMPLETION_MINUTES)
        .bind("most", WAITING_OF_A_STEP)
        .map(
            (row, context) ->
                Prepared.row(row.getString("node"), Completions.parse(row.getString("record"))))
        .forEach(row -> due.put(row.record().decisionId(), row));
    if (due.isEmpty()) {
      return false;
    }
    Map<String, First> stored = Halves.stored(handle, Halves.Ids.of(due));
    Set<String> settled = Completions.settleLate(handle, stored);
    List<Joined> joined = new ArrayList<>();
    due.forEach(
        (id, row) -> {
          First first = stored.getOrDefault(id, First.NONE);
          if (first.asked() == null
              && row.day().isBefore(partitions.keptFrom(RetentionClass.STANDARD))) {
            deltas.lost("expired", 1);
          } else {
            joined.add(new Joined(row, first, !first.late() || settled.contains(id)));
          }
        });
    Completions.settle(handle, joined, deltas, journal);
    for (Joined each : joined) {
      if (each.counts() && each.first().asked() != null) {
        told.add(each.whole(null));
      }
    }
    return due.size() == WAITING_OF_A_STEP;
  }

  /** Days of completions that may have to be kept without their exchange. */
  private List<LocalDate> days() {
    return jdbi.get()
        .withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT DISTINCT llmtrace_ulid_day(decision_id)::text"
                            + " FROM waiting_completions")
                    .mapTo(String.class)
                    .map(LocalDate::parse)
                    .filter(day -> !day.isBefore(partitions.keptFrom(RetentionClass.STANDARD)))
                    .list());
  }
}
