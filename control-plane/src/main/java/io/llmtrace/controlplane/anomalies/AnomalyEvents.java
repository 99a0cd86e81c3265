package io.llmtrace.controlplane.anomalies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.findings.DetectionFinding;
import io.llmtrace.controlplane.findings.FindingState;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Anomalies as events of OCSF. Stateless. */
public final class AnomalyEvents {
  private AnomalyEvents() {}

  /** Anomalies of these ids, by id; those that are gone are left out. */
  public static Map<String, Anomaly> all(Handle handle, Collection<String> ids) {
    Map<String, Anomaly> rows = new HashMap<>();
    if (ids.isEmpty()) {
      return rows;
    }
    handle
        .createQuery("SELECT " + Anomaly.COLUMNS + " FROM anomalies WHERE id = ANY(:ids)")
        .bindArray("ids", String.class, ids)
        .map((row, context) -> Anomaly.of(row))
        .forEach(row -> rows.put(row.id(), row));
    return rows;
  }

  /**
   * The event of an anomaly: when it was told, as it is now.
   *
   * @param changed whether it was told before
   */
  public static ObjectNode event(Anomaly row, boolean changed) {
    ObjectNode event =
        new DetectionFinding(
                row.id(),
                row.tenant(),
                FindingType.of(row.type()),
                Severity.of(row.severity()),
                FindingState.valueOf(row.state().toUpperCase(Locale.ROOT)),
                row.comment(),
                Ulid.time(row.id()).toEpochMilli(),
                row.changedAt(),
                new DetectionFinding.Analytic(
                    DetectionFinding.Method.STATISTICAL, "anomalies", row.measure()))
            .event(changed);
    event.put("start_time", row.startedAt()).put("end_time", row.lastAt());
    ObjectNode seen =
        event
            .putArray("evidences")
            .addObject()
            .putObject("data")
            .put("measure", row.measure())
            .put("observed", row.observed())
            .put("peak_time", row.peakAt())
            .put("score", row.score())
            .put("hours", row.hours())
            .put("excess", row.excess());
    seen.set("expected", WireJson.mapper().valueToTree(row.expected()));
    seen.set("baseline", WireJson.mapper().valueToTree(row.baseline()));
    resource(event.putArray("resources").addObject(), row);
    ObjectNode unmapped = event.putObject("unmapped").put("running", row.endedAt() == null);
    if (row.partOf() != null) {
      unmapped.put("part_of", row.partOf());
    }
    return event;
  }

  private static void resource(ObjectNode resource, Anomaly row) {
    switch (row.dimension()) {
      case "agent" -> name(resource, "Agent", row.agent(), row.agent());
      case "model" -> name(resource, "Model", row.model(), row.provider() + "/" + row.model());
      default -> name(resource, "Tenant", row.tenant(), row.tenant());
    }
  }

  private static void name(
      ObjectNode resource, String type, @Nullable String name, @Nullable String uid) {
    resource.put("type", type).put("name", name).put("uid", uid);
  }
}
