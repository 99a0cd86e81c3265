package io.llmtrace.controlplane.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.controlplane.ingest.Halves.First;
import io.llmtrace.controlplane.ingest.Halves.Ids;
import io.llmtrace.controlplane.ingest.Prepared.Row;
import io.llmtrace.controlplane.metrics.Deltas;
import io.llmtrace.controlplane.statistics.RollupJournal;
import io.llmtrace.controlplane.storage.RetentionClass;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Joins completions to their exchanges, and lets those wait that come first. All of it in the
 * transaction of a caller; used by one thread at a time.
 */
final class Completions {
  /** A completion with the half that it belongs to; without one its exchange never came. */
  record Joined(Row<CompletionRecord> row, First first, boolean counts) {
    /** The exchange, with what was asked where that is at hand. */
    StoredExchange whole(@Nullable Row<InspectionRecord> asked) {
      CompletionRecord answered = row.record();
      return new StoredExchange(
          answered.decisionId(), asked == null ? null : asked.record(), answered);
    }
  }

  private final Function<String, RetentionClass> retention;

  /**
   * @param retention class of a tenant's exchanges
   */
  Completions(Function<String, RetentionClass> retention) {
    this.retention = retention;
  }

  /** Stores completions, and gives those whose exchange is known. */
  List<Joined> store(
      Handle handle,
      Map<String, Row<InspectionRecord>> inspections,
      Map<String, Row<CompletionRecord>> fresh,
      List<ExchangeTables.Found> findings,
      Deltas deltas,
      RollupJournal journal)
      throws SQLException {
    Map<String, Row<CompletionRecord>> waited = waiting(handle, inspections);
    Map<String, Row<CompletionRecord>> all = new LinkedHashMap<>(waited);
    fresh.forEach(all::putIfAbsent);
    Map<String, Row<CompletionRecord>> elsewhere = new LinkedHashMap<>(all);
    elsewhere.keySet().removeAll(inspections.keySet());
    Map<String, First> stored = Halves.stored(handle, Ids.of(elsewhere));
    Set<String> settled = settleLate(handle, stored);
    List<Joined> joined = new ArrayList<>();
    List<Row<CompletionRecord>> alone = new ArrayList<>();
    all.forEach(
        (id, row) -> {
          Row<InspectionRecord> asked = inspections.get(id);
          First first =
              asked == null
                  ? stored.get(id)
                  : First.of(retention.apply(asked.record().tenant()), asked.record());
          if (first == null) {
            alone.add(row);
          } else {
            joined.add(new Joined(row, first, !first.late() || settled.contains(id)));
            if (!waited.containsKey(id)) {
              deltas.answer(row.record());
            }
          }
        });
    write(handle, joined, findings, deltas, journal);
    keepWaiting(handle, alone, deltas);
    return joined;
  }

  /** Completions that came before these exchanges, no longer waiting. */
  private static Map<String, Row<CompletionRecord>> waiting(
      Handle handle, Map<String, Row<InspectionRecord>> inspections) {
    Map<String, Row<CompletionRecord>> waited = new LinkedHashMap<>();
    if (!inspections.isEmpty()) {
      handle
          .createQuery(
              "DELETE FROM waiting_completions WHERE decision_id = ANY(:ids)"
                  + " RETURNING node, record::text AS record")
          .bindArray("ids", String.class, inspections.keySet())
          .map(
              (row, context) -> Prepared.row(row.getString("node"), parse(row.getString("record"))))
          .forEach(row -> waited.put(row.record().decisionId(), row));
    }
    return waited;
  }

  /** Of the exchanges that are late those that this completion settles, and not the sweep. */
  static Set<String> settleLate(Handle handle, Map<String, First> stored) {
    List<String> late = new ArrayList<>();
    List<LocalDate> days = new ArrayList<>();
    stored.forEach(
        (id, first) -> {
          if (first.late()) {
            late.add(id);
            days.add(Prepared.day(id));
          }
        });
    if (late.isEmpty()) {
      return Set.of();
    }
    return new HashSet<>(
        handle
            .createQuery(
                "INSERT INTO settled_late (decision_id, day, by) SELECT id, day, 'completion' FROM"
                    + " unnest(:ids, CAST(:days AS date[])) AS t(id, day) ORDER BY id ON CONFLICT"
                    + " DO NOTHING RETURNING decision_id")
            .bindArray("ids", String.class, late)
            .bindArray("days", String.class, days.stream().map(LocalDate::toString).toList())
            .mapTo(String.class)
            .list());
  }

  /** Stores and counts completions with what was seen in their answers. */
  static void settle(Handle handle, List<Joined> joined, Deltas deltas, RollupJournal journal)
      throws SQLException {
    List<ExchangeTables.Found> findings = new ArrayList<>();
    write(handle, joined, findings, deltas, journal);
    ExchangeTables.findings(handle, findings);
  }

  private static void write(
      Handle handle,
      List<Joined> joined,
      List<ExchangeTables.Found> findings,
      Deltas deltas,
      RollupJournal journal)
      throws SQLException {
    ExchangeTables.completions(handle, joined);
    for (Joined one : joined) {
      CompletionRecord record = one.row().record();
      journal.answered(one.first().keys(), record);
      if (one.counts()) {
        deltas.completion(one.first().asked(), record);
        journal.completed(one.first().keys(), record);
      }
      for (int i = 0; i < record.findings().size(); i++) {
        findings.add(
            new ExchangeTables.Found(
                record.decisionId(),
                one.row().day(),
                one.first().retention(),
                "answer",
                i + 1,
                record.at(),
                one.first().keys().tenant(),
                one.first().keys().route(),
                record.findings().get(i),
                one.row().findings().get(i)));
      }
    }
  }

  /** What is seen in an answer is counted when it comes, not when it can be shown. */
  private static void keepWaiting(Handle handle, List<Row<CompletionRecord>> alone, Deltas deltas) {
    if (alone.isEmpty()) {
      return;
    }
    Set<String> added = new HashSet<>();
    handle
        .createQuery(
            "INSERT INTO waiting_completions (decision_id, node, record)"
                + " SELECT id, node, CAST(record AS jsonb)"
                + " FROM unnest(:ids, :nodes, :records) AS t(id, node, record)"
                + " ORDER BY id ON CONFLICT DO NOTHING RETURNING decision_id")
        .bindArray("ids", String.class, alone.stream().map(r -> r.record().decisionId()).toList())
        .bindArray("nodes", String.class, alone.stream().map(Row::node).toList())
        .bindArray("records", String.class, alone.stream().map(Row::json).toList())
        .mapTo(String.class)
        .forEach(added::add);
    for (Row<CompletionRecord> row : alone) {
      if (added.contains(row.record().decisionId())) {
        deltas.answer(row.record());
      }
    }
  }

  /**
   * Gives completions that were stored without their exchange what they belong to. Only exchanges
   * that come later than the sweep waits can have one.
   */
  static void adopt(Handle handle, Collection<String> inspections) {
    long late = System.currentTimeMillis() - Halves.LATE_MINUTES * 60_000L;
    List<String> ids =
        inspections.stream().filter(id -> Ulid.time(id).toEpochMilli() < late).toList();
    if (ids.isEmpty()) {
      return;
    }
    for (String set :
        List.of(
            "UPDATE completions x SET tenant = e.tenant",
            "UPDATE findings x SET tenant = e.tenant, route = e.route")) {
      handle
          .createUpdate(
              set
                  + " FROM exchanges e WHERE x.decision_id = ANY(:ids) AND x.tenant = ''"
                  + " AND e.decision_id = x.decision_id AND e.day = x.day")
          .bindArray("ids", String.class, ids)
          .execute();
    }
  }

  static CompletionRecord parse(String json) {
    try {
      return WireJson.mapper().readValue(json, CompletionRecord.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored record cannot be read", e);
    }
  }
}
