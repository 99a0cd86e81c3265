package io.llmtrace.controlplane.findings;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.json.WireJson;
import org.junit.jupiter.api.Test;

/** Events against a schema of what OCSF 1.3.0 asks of a Detection Finding. */
class OcsfTest {
  private static final FindingId ID = new FindingId("01ARZ3NDEKTSV4RRFFQ69G5FAV", "request", 1);

  @Test
  void everyFindingIsAValidEvent() throws Exception {
    JsonNode schema = OcsfSchema.detectionFinding();
    for (FindingType type : FindingType.values()) {
      for (Severity severity : Severity.values()) {
        for (FindingState state : FindingState.values()) {
          for (long revision : new long[] {0, 2}) {
            ObjectNode event = Ocsf.event(row(type, severity, state, revision));
            assertThat(OcsfSchema.problems(schema, event, "")).as(event.toString()).isEmpty();
            assertThat(event.path("type_uid").asInt())
                .isEqualTo(2004 * 100 + event.path("activity_id").asInt());
          }
        }
      }
    }
  }

  @Test
  void theSchemaRefusesWhatLacksSomething() throws Exception {
    JsonNode schema = OcsfSchema.detectionFinding();
    ObjectNode event = Ocsf.event(row(FindingType.JAILBREAK, Severity.HIGH, FindingState.OPEN, 0));
    for (JsonNode name : schema.path("required")) {
      ObjectNode lacking = event.deepCopy();
      lacking.remove(name.asText());
      assertThat(OcsfSchema.problems(schema, lacking, "")).as(name.asText()).isNotEmpty();
    }
    assertThat(OcsfSchema.problems(schema, event.deepCopy().put("severity_id", 17), ""))
        .isNotEmpty();
    assertThat(OcsfSchema.problems(schema, event.deepCopy().put("time", "now"), "")).isNotEmpty();
  }

  @Test
  void statesAndSeveritiesAreThoseOfTheSchema() {
    ObjectNode open = Ocsf.event(row(FindingType.JAILBREAK, Severity.HIGH, FindingState.OPEN, 0));
    assertThat(open.path("activity_id").asInt()).isEqualTo(1);
    assertThat(open.path("status_id").asInt()).isEqualTo(1);
    assertThat(open.path("severity_id").asInt()).isEqualTo(4);
    assertThat(open.path("confidence_score").asInt()).isEqualTo(90);
    assertThat(open.at("/finding_info/attacks/0/technique/uid").asText()).isEqualTo("AML.T0054");
    ObjectNode wrong =
        Ocsf.event(row(FindingType.TOXIC_CONTENT, Severity.INFO, FindingState.FALSE_POSITIVE, 1));
    assertThat(wrong.path("activity_id").asInt()).isEqualTo(3);
    assertThat(wrong.path("status_id").asInt()).isEqualTo(3);
    assertThat(wrong.at("/finding_info").has("attacks")).isFalse();
  }

  private static FindingRows.Row row(
      FindingType type, Severity severity, FindingState state, long revision) {
    ObjectNode item =
        WireJson.mapper()
            .createObjectNode()
            .put("type", type.label())
            .put("severity", severity.label())
            .put("confidence", 0.9)
            .put("at", 1_772_409_599_000L)
            .put("detector", "d")
            .put("rule", "r")
            .put("zone", "user")
            .put("pointer", "/p")
            .put("evidence", "***")
            .put("comment", revision > 0 ? "said" : "");
    if (revision > 0) {
      item.put("changed_at", 1_772_409_600_000L);
    }
    return new FindingRows.Row(ID, "t", "route", state, revision, item);
  }
}
