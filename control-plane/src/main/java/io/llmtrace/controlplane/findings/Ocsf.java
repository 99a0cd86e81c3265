package io.llmtrace.controlplane.findings;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;

/** Findings in exchanges as events of OCSF. Stateless. */
public final class Ocsf {
  private Ocsf() {}

  /** The event of a finding: when it was made, as it is now. */
  public static ObjectNode event(FindingRows.Row row) {
    ObjectNode item = row.item();
    ObjectNode event =
        new DetectionFinding(
                row.id().toString(),
                row.tenant(),
                FindingType.of(item.path("type").asText()),
                Severity.of(item.path("severity").asText()),
                row.state(),
                item.path("comment").asText(),
                item.path("at").asLong(),
                item.has("changed_at") ? (Long) item.path("changed_at").asLong() : null,
                new DetectionFinding.Analytic(
                    DetectionFinding.Method.RULE,
                    item.path("detector").asText(),
                    item.path("rule").asText()))
            .event(row.revision() > 0);
    confidence(event, item.path("confidence").asDouble());
    event
        .putArray("evidences")
        .addObject()
        .putObject("data")
        .put("masked", item.path("evidence").asText())
        .put("zone", item.path("zone").asText())
        .put("pointer", item.path("pointer").asText());
    event
        .putArray("resources")
        .addObject()
        .put("type", "Gateway route")
        .put("name", row.route())
        .put("uid", row.route());
    event
        .putObject("unmapped")
        .put("decision_id", row.id().decisionId())
        .put("origin", row.id().origin());
    return event;
  }

  private static void confidence(ObjectNode event, double confidence) {
    event.put("confidence_score", Math.round(confidence * 100));
    if (confidence < 0.5) {
      event.put("confidence_id", 1).put("confidence", "Low");
    } else if (confidence < 0.8) {
      event.put("confidence_id", 2).put("confidence", "Medium");
    } else {
      event.put("confidence_id", 3).put("confidence", "High");
    }
  }
}
