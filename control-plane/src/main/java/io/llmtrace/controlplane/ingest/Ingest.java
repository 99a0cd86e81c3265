package io.llmtrace.controlplane.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.metrics.Deltas;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.BatchAck;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.LossRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import io.llmtrace.policies.wire.Ulid;
import io.llmtrace.policies.wire.WireJson;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores and counts. A batch is one transaction: its rows, the joins it completes and what they
 * count are there together or not at all. Thread-safe.
 */
public final class Ingest {
  private static final Logger log = LoggerFactory.getLogger(Ingest.class);

  private final Supplier<Jdbi> jdbi;
  private final TenantGate gate;
  private final Totals totals;

  public Ingest(Supplier<Jdbi> jdbi, TenantGate gate, Totals totals) {
    this.jdbi = jdbi;
    this.gate = gate;
    this.totals = totals;
  }

  /** Applies a batch once, however often it comes. */
  public BatchAck accept(Caller caller, Batch batch) {
    Deltas deltas = new Deltas(totals);
    boolean fresh =
        jdbi.get()
            .inTransaction(
                handle -> {
                  handle.execute("SELECT pg_advisory_xact_lock(hashtext(?))", batch.node());
                  int inserted =
                      handle.execute(
                          "INSERT INTO batches (key_id, node, boot_id, sequence, records)"
                              + " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                          caller.lineage(),
                          batch.node(),
                          batch.bootId(),
                          batch.sequence(),
                          batch.records().size());
                  if (inserted == 0) {
                    return false;
                  }
                  store(handle, gate.admit(handle, caller, batch, deltas), deltas);
                  totals.write(handle, deltas);
                  return true;
                });
    if (fresh) {
      totals.committed(deltas);
    }
    return new BatchAck(batch.sequence(), !fresh);
  }

  /** Joins what two transactions missed, and closes what nobody answered in {@code minutes}. */
  public void sweep(int minutes) {
    Deltas deltas = new Deltas(totals);
    jdbi.get()
        .useTransaction(
            handle -> {
              // Two nodes may have stored the halves of an exchange at the same moment.
              Set<String> met =
                  ids(
                      handle,
                      "WITH w AS (DELETE FROM waiting_completions WHERE decision_id IN"
                          + " (SELECT decision_id FROM open_exchanges) RETURNING decision_id)"
                          + " DELETE FROM open_exchanges WHERE decision_id IN"
                          + " (SELECT decision_id FROM w) RETURNING decision_id",
                      Set.of());
              count(handle, met, deltas);
              describeAnswers(handle, met);
              for (String json :
                  handle
                      .createQuery(
                          "WITH o AS (DELETE FROM open_exchanges WHERE since <"
                              + " now() - make_interval(mins => :minutes) RETURNING decision_id)"
                              + " SELECT record::text FROM inspections JOIN o USING (decision_id)")
                      .bind("minutes", minutes)
                      .mapTo(String.class)
                      .list()) {
                deltas.unobserved(parse(json, InspectionRecord.class));
              }
              for (String json :
                  handle
                      .createQuery(
                          "WITH w AS (DELETE FROM waiting_completions WHERE since <"
                              + " now() - make_interval(mins => :minutes) RETURNING decision_id)"
                              + " SELECT record::text FROM completions JOIN w USING (decision_id)")
                      .bind("minutes", minutes)
                      .mapTo(String.class)
                      .list()) {
                deltas.completion(null, parse(json, CompletionRecord.class));
              }
              totals.write(handle, deltas);
            });
    totals.committed(deltas);
  }

  private static void store(Handle handle, Batch batch, Deltas deltas) {
    Map<String, InspectionRecord> inspections = new HashMap<>();
    Map<String, CompletionRecord> completions = new HashMap<>();
    List<Map<String, Object>> losses = new ArrayList<>();
    for (int i = 0; i < batch.records().size(); i++) {
      TelemetryRecord record = batch.records().get(i);
      String problem = WireRules.problem((Record) record, "records[" + i + "].");
      if (problem != null) {
        log.warn("Record of node {} not stored: {}", batch.node(), problem);
        deltas.lost("invalid_record", 1);
      } else if (record instanceof InspectionRecord one && Ulid.isValid(one.decisionId())) {
        inspections.putIfAbsent(one.decisionId(), one);
      } else if (record instanceof CompletionRecord one && Ulid.isValid(one.decisionId())) {
        completions.putIfAbsent(one.decisionId(), one);
      } else if (record instanceof LossRecord loss && loss.count() > 0) {
        losses.add(Map.of("reason", loss.reason(), "count", loss.count(), "at", loss.at()));
        deltas.lost(loss.reason(), loss.count());
      } else {
        // Refusing the batch would lose the good records beside it.
        deltas.lost("invalid_record", 1);
      }
    }
    Set<String> newInspections =
        insert(
            handle,
            batch.node(),
            inspections.values(),
            "INSERT INTO inspections (decision_id, at, node, route, tenant, record)"
                + " SELECT r->>'decision_id', CAST(r->>'at' AS bigint), :node, r->>'route',"
                + " r->>'tenant', r FROM jsonb_array_elements(CAST(:rows AS jsonb)) r"
                + " ON CONFLICT DO NOTHING RETURNING decision_id");
    Set<String> newCompletions =
        insert(
            handle,
            batch.node(),
            completions.values(),
            "INSERT INTO completions (decision_id, at, node, record)"
                + " SELECT r->>'decision_id', CAST(r->>'at' AS bigint), :node, r"
                + " FROM jsonb_array_elements(CAST(:rows AS jsonb)) r"
                + " ON CONFLICT DO NOTHING RETURNING decision_id");
    if (!losses.isEmpty()) {
      handle
          .createUpdate(
              "INSERT INTO losses (node, reason, count, at) SELECT :node, reason, count, at"
                  + " FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
                  + " AS r(reason text, count bigint, at bigint)")
          .bind("node", batch.node())
          .bind("rows", json(losses))
          .execute();
    }
    inspections.forEach(
        (id, record) -> {
          if (newInspections.contains(id)) {
            deltas.inspection(record);
          }
        });
    completions.forEach(
        (id, record) -> {
          if (newCompletions.contains(id)) {
            deltas.answer(record);
          }
        });
    describe(handle, newInspections);
    Set<String> met = join(handle, inspections, newInspections, newCompletions);
    count(handle, met, deltas);
    Set<String> touched = new HashSet<>(met);
    touched.addAll(newInspections);
    touched.addAll(newCompletions);
    describeAnswers(handle, touched);
  }

  /** Findings and routes follow from the inspections that are new. */
  private static void describe(Handle handle, Set<String> inspections) {
    if (inspections.isEmpty()) {
      return;
    }
    handle
        .createUpdate(
            "INSERT INTO findings (decision_id, at, type, severity, route, tenant, record)"
                + " SELECT i.decision_id, i.at, f->>'type', f->>'severity', i.route, i.tenant, f"
                + " FROM inspections i, jsonb_array_elements(i.record->'findings') f"
                + " WHERE i.decision_id = ANY(:ids)")
        .bindArray("ids", String.class, inspections)
        .execute();
    handle
        .createUpdate(
            "INSERT INTO routes (route) SELECT DISTINCT route FROM inspections"
                + " WHERE decision_id = ANY(:ids) ORDER BY route ON CONFLICT DO NOTHING")
        .bindArray("ids", String.class, inspections)
        .execute();
  }

  /**
   * Findings of answers need their inspection, for its route and tenant: they are stored when both
   * are there, also where one came too late to be counted.
   */
  private static void describeAnswers(Handle handle, Set<String> exchanges) {
    if (exchanges.isEmpty()) {
      return;
    }
    handle
        .createUpdate(
            "INSERT INTO findings"
                + " (decision_id, at, type, severity, route, tenant, record, origin, place)"
                + " SELECT i.decision_id, c.at, f.record->>'type', f.record->>'severity', i.route,"
                + " i.tenant, f.record, 'answer', f.place"
                + " FROM completions c JOIN inspections i USING (decision_id),"
                + " jsonb_array_elements(c.record->'findings') WITH ORDINALITY AS f(record, place)"
                + " WHERE c.decision_id = ANY(:ids) ON CONFLICT DO NOTHING")
        .bindArray("ids", String.class, exchanges)
        .execute();
  }

  /** The exchanges whose two halves met now, each exactly once. */
  private static Set<String> join(
      Handle handle,
      Map<String, InspectionRecord> inspections,
      Set<String> newInspections,
      Set<String> newCompletions) {
    Set<String> met =
        ids(
            handle,
            "DELETE FROM waiting_completions WHERE decision_id = ANY(:ids) RETURNING decision_id",
            newInspections);
    Set<String> earlier =
        ids(
            handle,
            "SELECT decision_id FROM completions WHERE decision_id = ANY(:ids)",
            newInspections);
    earlier.removeAll(newCompletions);
    Set<String> open = new HashSet<>(newInspections);
    open.removeAll(earlier);
    inspections.forEach(
        (id, record) -> {
          if (!record.tap() && !newCompletions.contains(id)) {
            open.remove(id);
          }
        });
    ids(
        handle,
        "INSERT INTO open_exchanges (decision_id) SELECT unnest(:ids)"
            + " ON CONFLICT DO NOTHING RETURNING decision_id",
        open);
    met.addAll(
        ids(
            handle,
            "DELETE FROM open_exchanges WHERE decision_id = ANY(:ids) RETURNING decision_id",
            newCompletions));
    Set<String> alone = new HashSet<>(newCompletions);
    alone.removeAll(
        ids(
            handle,
            "SELECT decision_id FROM inspections WHERE decision_id = ANY(:ids)",
            newCompletions));
    ids(
        handle,
        "INSERT INTO waiting_completions (decision_id) SELECT unnest(:ids)"
            + " ON CONFLICT DO NOTHING RETURNING decision_id",
        alone);
    return met;
  }

  private static void count(Handle handle, Set<String> met, Deltas deltas) {
    if (met.isEmpty()) {
      return;
    }
    handle
        .createQuery(
            "SELECT i.record::text AS i, c.record::text AS c FROM inspections i"
                + " JOIN completions c USING (decision_id) WHERE decision_id = ANY(:ids)")
        .bindArray("ids", String.class, met)
        .map((row, context) -> List.of(row.getString("i"), row.getString("c")))
        .forEach(
            pair ->
                deltas.completion(
                    parse(pair.get(0), InspectionRecord.class),
                    parse(pair.get(1), CompletionRecord.class)));
  }

  private static Set<String> insert(
      Handle handle, String node, Collection<? extends TelemetryRecord> records, String sql) {
    if (records.isEmpty()) {
      return Set.of();
    }
    return new HashSet<>(
        handle
            .createQuery(sql)
            .bind("node", node)
            .bind("rows", records(records))
            .mapTo(String.class)
            .list());
  }

  private static Set<String> ids(Handle handle, String sql, Set<String> ids) {
    if (sql.contains(":ids") && ids.isEmpty()) {
      return new HashSet<>();
    }
    var query = handle.createQuery(sql);
    if (sql.contains(":ids")) {
      query.bindArray("ids", String.class, ids);
    }
    return new HashSet<>(query.mapTo(String.class).list());
  }

  /** Written as lines of a batch, so that each keeps its {@code kind}. */
  private static String records(Collection<? extends TelemetryRecord> records) {
    try {
      return StorableJson.of(
          WireJson.mapper()
              .writerFor(new TypeReference<List<TelemetryRecord>>() {})
              .writeValueAsString(List.copyOf(records)));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not to be written as JSON", e);
    }
  }

  private static String json(Object value) {
    try {
      return StorableJson.of(WireJson.mapper().writeValueAsString(value));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not to be written as JSON", e);
    }
  }

  private static <T> T parse(String json, Class<T> type) {
    try {
      return WireJson.mapper().readValue(json, type);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored record cannot be read", e);
    }
  }
}
