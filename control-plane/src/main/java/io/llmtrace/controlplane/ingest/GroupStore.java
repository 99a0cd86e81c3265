package io.llmtrace.controlplane.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.ingest.Halves.First;
import io.llmtrace.controlplane.ingest.Halves.Ids;
import io.llmtrace.controlplane.ingest.Prepared.Row;
import io.llmtrace.controlplane.metrics.Deltas;
import io.llmtrace.controlplane.policies.ShadowSums;
import io.llmtrace.controlplane.statistics.RollupJournal;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.controlplane.storage.RetentionClass;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.LossRecord;
import io.llmtrace.policies.wire.Ulid;
import io.llmtrace.policies.wire.WireJson;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Stores batches: their rows, the halves that they join, what they count and what they add to the
 * sums are there together or not at all. Used by one thread at a time.
 */
final class GroupStore {
  /** A completion with the half that it belongs to; without one its exchange never came. */
  record Joined(Row<CompletionRecord> row, First first, boolean counts) {}

  private final TenantGate gate;
  private final Partitions partitions;
  private final Function<String, RetentionClass> retention;

  /**
   * @param retention class of a tenant's exchanges
   */
  GroupStore(TenantGate gate, Partitions partitions, Function<String, RetentionClass> retention) {
    this.gate = gate;
    this.partitions = partitions;
    this.retention = retention;
  }

  /** Makes the partitions that these batches need. */
  void prepare(Jdbi jdbi, Collection<Prepared> group) {
    Map<RetentionClass, Set<LocalDate>> days = new HashMap<>();
    for (Prepared each : group) {
      each.inspections()
          .values()
          .forEach(
              row -> {
                RetentionClass of = retention.apply(row.record().tenant());
                if (!row.day().isBefore(partitions.keptFrom(of))) {
                  days.computeIfAbsent(of, key -> new HashSet<>()).add(row.day());
                }
              });
    }
    days.forEach((of, all) -> partitions.ensure(jdbi, of, all));
  }

  /**
   * Stores a group in a transaction of the caller.
   *
   * @param told exchanges are added to it that are whole with this group
   * @return places in the group of the batches that were stored now; the others are known
   */
  Set<Integer> store(Handle handle, List<Prepared> group, Deltas deltas, List<StoredExchange> told)
      throws SQLException {
    Set<Integer> fresh = claim(handle, group);
    Map<String, Row<InspectionRecord>> inspections = new LinkedHashMap<>();
    Map<String, Row<CompletionRecord>> completions = new LinkedHashMap<>();
    RollupJournal journal = new RollupJournal();
    for (int place : fresh) {
      Prepared each = admitted(handle, group.get(place), deltas);
      each.inspections().forEach(inspections::putIfAbsent);
      each.completions().forEach(completions::putIfAbsent);
      losses(handle, each, deltas, journal);
    }
    expire(inspections, deltas);
    inspections.keySet().removeAll(Halves.known(handle, "exchanges", Ids.of(inspections)));
    completions.keySet().removeAll(Halves.known(handle, "completions", Ids.of(completions)));
    List<ExchangeTables.Found> findings = new ArrayList<>();
    exchanges(handle, inspections, findings, deltas, journal);
    List<Joined> joined = completions(handle, inspections, completions, findings, deltas, journal);
    tell(joined, inspections, told);
    ExchangeTables.findings(handle, findings);
    adopt(handle, inspections.keySet());
    routes(handle, inspections.values());
    journal.write(handle);
    return fresh;
  }

  /** Adds what is whole now. */
  private static void tell(
      List<Joined> joined,
      Map<String, Row<InspectionRecord>> inspections,
      List<StoredExchange> told) {
    Set<String> answered = new HashSet<>();
    for (Joined each : joined) {
      answered.add(each.row().record().decisionId());
      // One that is late was told as unobserved.
      if (each.counts()) {
        told.add(whole(each, inspections.get(each.row().record().decisionId())));
      }
    }
    for (Row<InspectionRecord> asked : inspections.values()) {
      InspectionRecord record = asked.record();
      if (!record.tap() && !answered.contains(record.decisionId())) {
        told.add(new StoredExchange(record.decisionId(), record, null));
      }
    }
  }

  static StoredExchange whole(Joined joined, @Nullable Row<InspectionRecord> asked) {
    CompletionRecord answered = joined.row().record();
    return new StoredExchange(
        answered.decisionId(), asked == null ? null : asked.record(), answered);
  }

  /** What of a batch its sender may send. */
  Prepared admitted(Handle handle, Prepared sent, Deltas deltas) {
    Caller bounded = sent.bounded();
    if (bounded == null) {
      return sent;
    }
    Batch batch = gate.admit(handle, bounded, sent.batch(), deltas);
    return batch.records().size() == sent.batch().records().size()
        ? sent
        : Prepared.of(sent.keyId(), null, batch);
  }

  /** Of all batches those that nobody stored before; equal ones in a group count once. */
  private static Set<Integer> claim(Handle handle, List<Prepared> group) {
    Map<String, Integer> places = new LinkedHashMap<>();
    for (int i = 0; i < group.size(); i++) {
      places.putIfAbsent(name(group.get(i)), i);
    }
    List<Prepared> first = places.values().stream().map(group::get).toList();
    Set<Integer> fresh = new HashSet<>();
    handle
        .createQuery(
            "INSERT INTO batches (key_id, node, boot_id, sequence, records)"
                + " SELECT * FROM unnest(:keys, :nodes, :boots, :sequences, :records)"
                // In one order, so that two replicas never wait for each other.
                + " ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING"
                + " RETURNING key_id, node, boot_id, sequence")
        .bindArray("keys", String.class, first.stream().map(Prepared::keyId).toList())
        .bindArray("nodes", String.class, first.stream().map(one -> one.batch().node()).toList())
        .bindArray("boots", String.class, first.stream().map(one -> one.batch().bootId()).toList())
        .bindArray("sequences", Long.class, first.stream().map(p -> p.batch().sequence()).toList())
        .bindArray(
            "records", Integer.class, first.stream().map(p -> p.batch().records().size()).toList())
        .map(
            (row, context) ->
                name(
                    row.getString("key_id"),
                    row.getString("node"),
                    row.getString("boot_id"),
                    row.getLong("sequence")))
        .forEach(name -> fresh.add(places.get(name)));
    ReceivedRecords.add(handle, fresh.stream().map(place -> group.get(place).batch()).toList());
    return fresh;
  }

  private static String name(Prepared one) {
    Batch batch = one.batch();
    return name(one.keyId(), batch.node(), batch.bootId(), batch.sequence());
  }

  // No name holds a control code.
  private static String name(String key, String node, String boot, long sequence) {
    return key + '\n' + node + '\n' + boot + '\n' + sequence;
  }

  private static void losses(Handle handle, Prepared from, Deltas deltas, RollupJournal journal) {
    if (from.invalid() > 0) {
      deltas.lost("invalid_record", from.invalid());
      journal.lost(from.invalid());
    }
    for (LossRecord loss : from.losses()) {
      deltas.lost(loss.reason(), loss.count());
      journal.lost(loss.count());
      handle.execute(
          "INSERT INTO losses (node, reason, count, at) VALUES (?, ?, ?, ?)",
          from.batch().node(),
          StorableJson.text(loss.reason()),
          loss.count(),
          loss.at());
    }
  }

  /** Leaves out what is older than what is kept. */
  private void expire(Map<String, Row<InspectionRecord>> inspections, Deltas deltas) {
    int before = inspections.size();
    inspections
        .values()
        .removeIf(
            row -> row.day().isBefore(partitions.keptFrom(retention.apply(row.record().tenant()))));
    if (inspections.size() < before) {
      deltas.lost("expired", before - inspections.size());
    }
  }

  private void exchanges(
      Handle handle,
      Map<String, Row<InspectionRecord>> fresh,
      List<ExchangeTables.Found> findings,
      Deltas deltas,
      RollupJournal journal)
      throws SQLException {
    ExchangeTables.exchanges(handle, fresh.values(), retention);
    ShadowSums.add(handle, fresh.values().stream().map(Row::record).toList());
    for (Row<InspectionRecord> from : fresh.values()) {
      InspectionRecord record = from.record();
      deltas.inspection(record);
      journal.inspected(record);
      for (int i = 0; i < record.findings().size(); i++) {
        findings.add(
            new ExchangeTables.Found(
                record.decisionId(),
                from.day(),
                retention.apply(record.tenant()),
                "request",
                i + 1,
                record.at(),
                record.tenant(),
                record.route(),
                record.findings().get(i),
                from.findings().get(i)));
      }
    }
  }

  /** Stores completions, and gives those whose exchange is known. */
  private List<Joined> completions(
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
  private static void adopt(Handle handle, Collection<String> inspections) {
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

  private static void routes(Handle handle, Collection<Row<InspectionRecord>> inspections) {
    Set<String> met = new HashSet<>();
    inspections.forEach(row -> met.add(StorableJson.text(row.record().route())));
    if (!met.isEmpty()) {
      handle
          .createUpdate(
              "INSERT INTO routes (route) SELECT r FROM unnest(:routes) r"
                  + " ORDER BY r ON CONFLICT DO NOTHING")
          .bindArray("routes", String.class, met)
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
