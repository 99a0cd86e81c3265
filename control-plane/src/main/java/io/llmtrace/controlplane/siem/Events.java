package io.llmtrace.controlplane.siem;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.anomalies.Anomaly;
import io.llmtrace.controlplane.anomalies.AnomalyEvents;
import io.llmtrace.controlplane.findings.FindingId;
import io.llmtrace.controlplane.findings.FindingRows;
import io.llmtrace.controlplane.findings.Ocsf;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.json.WireJson;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/** Makes events of what waits: findings in exchanges, and anomalies. Stateless. */
final class Events {
  /** As the trigger of the table of anomalies calls them; all else are findings in exchanges. */
  private static final String ANOMALY = "anomaly";

  /** One line of ASCII, whoever reads it. */
  private static final ObjectWriter ASCII =
      WireJson.mapper().writer().with(JsonWriteFeature.ESCAPE_NON_ASCII);

  /**
   * What waits.
   *
   * @param id of the exchange, or of the anomaly
   * @param origin {@code request}, {@code answer} or {@code anomaly}
   * @param place of the finding there, from 1; of an anomaly 0 when it was told, 1 when it changed
   */
  record Waiting(String id, String origin, int place) {
    boolean isAnomaly() {
      return origin.equals(ANOMALY);
    }

    FindingId finding() {
      return new FindingId(id, origin, place);
    }
  }

  private Events() {}

  /** Events as things are now; none of what is gone. */
  static Map<Waiting, Event> of(Handle handle, Collection<Waiting> waiting) {
    Map<String, Anomaly> anomalies =
        AnomalyEvents.all(
            handle, waiting.stream().filter(Waiting::isAnomaly).map(Waiting::id).toList());
    Map<FindingId, FindingRows.Row> findings =
        FindingRows.all(
            handle,
            waiting.stream().filter(each -> !each.isAnomaly()).map(Waiting::finding).toList());
    Map<Waiting, Event> events = new HashMap<>();
    for (Waiting each : waiting) {
      if (each.isAnomaly()) {
        Anomaly row = anomalies.get(each.id());
        if (row != null) {
          events.put(each, event(AnomalyEvents.event(row, each.place() > 0), row));
        }
      } else {
        FindingRows.Row row = findings.get(each.finding());
        if (row != null) {
          events.put(each, event(row));
        }
      }
    }
    return events;
  }

  private static Event event(ObjectNode json, Anomaly row) {
    return event(json, row.type(), Severity.of(row.severity()));
  }

  private static Event event(FindingRows.Row row) {
    return event(
        Ocsf.event(row),
        row.item().path("type").asText(),
        Severity.of(row.item().path("severity").asText()));
  }

  private static Event event(ObjectNode json, String type, Severity severity) {
    try {
      return new Event(json.path("time").asLong(), type, severity, ASCII.writeValueAsString(json));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not to be written as JSON", e);
    }
  }
}
