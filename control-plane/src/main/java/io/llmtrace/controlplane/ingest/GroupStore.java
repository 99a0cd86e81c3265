package io.llmtrace.controlplane.ingest;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.ingest.Completions.Joined;
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
  private final TenantGate gate;
  private final Partitions partitions;
  private final Function<String, RetentionClass> retention;
  private final Completions answers;

  /**
   * @param retention class of a tenant's exchanges
   */
  GroupStore(TenantGate gate, Partitions partitions, Function<String, RetentionClass> retention) {
    this.gate = gate;
    this.partitions = partitions;
    this.retention = retention;
    this.answers = new Completions(retention);
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
   * @param careful whether ids are looked for before they are stored; otherwise a record that is
   *     there already fails the transaction ({@code unique_violation}), which is what nearly no
   *     group does
   * @param told exchanges are added to it that are whole with this group
   * @return places in the group of the batches that were stored now; the others are known
   */
  Set<Integer> store(
      Handle handle,
      List<Prepared> group,
      boolean careful,
      Deltas deltas,
      List<StoredExchange> told)
      throws SQLException {
    Set<Integer> fresh = BatchClaims.claim(handle, group);
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
    inspections
        .keySet()
        .removeAll(
            Halves.known(
                handle,
                "exchanges",
                inspections,
                id -> careful ? null : classOf(inspections.get(id))));
    // A completion whose exchange is not of this group may have been stored before that came.
    completions
        .keySet()
        .removeAll(
            Halves.known(
                handle,
                "completions",
                completions,
                id -> careful ? null : classOf(inspections.get(id))));
    List<ExchangeTables.Found> findings = new ArrayList<>();
    exchanges(handle, inspections, findings, deltas, journal);
    List<Joined> joined =
        answers.store(handle, inspections, completions, findings, deltas, journal);
    tell(joined, inspections, told);
    ExchangeTables.findings(handle, findings);
    Completions.adopt(handle, inspections.keySet());
    routes(handle, inspections.values());
    journal.write(handle);
    return fresh;
  }

  private @Nullable RetentionClass classOf(@Nullable Row<InspectionRecord> inspection) {
    return inspection == null ? null : retention.apply(inspection.record().tenant());
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
        told.add(each.whole(inspections.get(each.row().record().decisionId())));
      }
    }
    for (Row<InspectionRecord> asked : inspections.values()) {
      InspectionRecord record = asked.record();
      if (!record.tap() && !answered.contains(record.decisionId())) {
        told.add(new StoredExchange(record.decisionId(), record, null));
      }
    }
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
}
