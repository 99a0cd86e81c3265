package io.llmtrace.controlplane.tenants;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.ingest.TenantGate;
import io.llmtrace.controlplane.metrics.Deltas;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Takes what an instance sends for the tenants that its key lists, and sets the rest aside. A
 * completion names no tenant: it has that of its inspection, in the batch or stored. Thread-safe.
 */
public final class ListedTenants implements TenantGate {
  static final String FOREIGN = "foreign_tenant";

  private record Foreign(TelemetryRecord record, String kind, String decisionId, String tenant) {}

  @Override
  public Batch admit(Handle handle, Caller caller, Batch batch, Deltas deltas) {
    TenantScope listed = caller.tenants(Permission.TELEMETRY_WRITE);
    if (listed instanceof TenantScope.All) {
      return batch;
    }
    Map<String, String> tenants = tenantsOf(handle, batch);
    List<TelemetryRecord> admitted = new ArrayList<>();
    List<Foreign> foreign = new ArrayList<>();
    for (TelemetryRecord record : batch.records()) {
      Foreign other = foreign(record, tenants, listed);
      if (other == null) {
        admitted.add(record);
      } else {
        foreign.add(other);
      }
    }
    if (foreign.isEmpty()) {
      return batch;
    }
    long fresh = setAside(handle, caller, batch, foreign);
    if (fresh > 0) {
      deltas.rejected(FOREIGN, fresh);
    }
    return new Batch(batch.schema(), batch.node(), batch.bootId(), batch.sequence(), admitted);
  }

  /** Damaged records (a null where the schema has none) are left to ingest, which counts them. */
  @SuppressWarnings("ConstantValue")
  private static @Nullable Foreign foreign(
      TelemetryRecord record, Map<String, String> tenants, TenantScope listed) {
    if (record instanceof InspectionRecord one
        && one.tenant() != null
        && isId(one.decisionId())
        && !listed.includes(one.tenant())) {
      return new Foreign(record, "inspection", one.decisionId(), one.tenant());
    }
    if (record instanceof CompletionRecord one && isId(one.decisionId())) {
      String tenant = tenants.get(one.decisionId());
      if (tenant != null && !listed.includes(tenant)) {
        return new Foreign(record, "completion", one.decisionId(), tenant);
      }
    }
    return null;
  }

  /** Tenants by decision id: what is stored counts, and then the first inspection of the batch. */
  @SuppressWarnings("ConstantValue")
  private static Map<String, String> tenantsOf(Handle handle, Batch batch) {
    Map<String, String> tenants = new HashMap<>();
    List<String> completed = new ArrayList<>();
    for (TelemetryRecord record : batch.records()) {
      if (record instanceof InspectionRecord one
          && isId(one.decisionId())
          && one.tenant() != null) {
        tenants.putIfAbsent(one.decisionId(), one.tenant());
      } else if (record instanceof CompletionRecord one && isId(one.decisionId())) {
        completed.add(one.decisionId());
      }
    }
    if (!completed.isEmpty()) {
      handle
          .createQuery(
              "SELECT decision_id, tenant FROM exchanges"
                  + " WHERE decision_id = ANY(:ids) AND day = ANY(CAST(:days AS date[]))")
          .bindArray("ids", String.class, completed)
          .bindArray(
              "days", String.class, completed.stream().map(ListedTenants::day).distinct().toList())
          .map((row, context) -> Map.entry(row.getString(1), row.getString(2)))
          .forEach(entry -> tenants.put(entry.getKey(), entry.getValue()));
    }
    return tenants;
  }

  private static String day(String decisionId) {
    return Ulid.time(decisionId).atZone(ZoneOffset.UTC).toLocalDate().toString();
  }

  private static boolean isId(@Nullable String decisionId) {
    return decisionId != null && Ulid.isValid(decisionId);
  }

  private static long setAside(Handle handle, Caller caller, Batch batch, List<Foreign> foreign) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Foreign each : foreign) {
      rows.add(
          Map.of("kind", each.kind(), "decision_id", each.decisionId(), "tenant", each.tenant()));
    }
    return handle
        .createUpdate(
            "INSERT INTO set_aside (key_id, node, kind, decision_id, tenant, reason, record)"
                + " SELECT :key, :node, m->>'kind', m->>'decision_id', m->>'tenant', :reason, r"
                + " FROM ROWS FROM (jsonb_array_elements(CAST(:rows AS jsonb)),"
                + " jsonb_array_elements(CAST(:records AS jsonb))) AS t(m, r)"
                + " ON CONFLICT DO NOTHING")
        .bind("key", caller.lineage())
        .bind("node", batch.node())
        .bind("reason", FOREIGN)
        .bind("rows", json(rows))
        .bind("records", records(foreign.stream().map(Foreign::record).toList()))
        .execute();
  }

  private static String records(List<TelemetryRecord> records) {
    try {
      return StorableJson.of(
          WireJson.mapper()
              .writerFor(new TypeReference<List<TelemetryRecord>>() {})
              .writeValueAsString(records));
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
}
