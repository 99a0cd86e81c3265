package io.llmtrace.plugin.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.CompletionRecord;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecordJsonTest {
  private static CompletionRecord answered(String model, List<Finding> findings) {
    return new CompletionRecord(
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        1,
        200,
        1.5,
        null,
        model,
        null,
        "stop",
        null,
        false,
        findings,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }

  /** The control plane takes texts of 8,192 characters, and drops a record with a longer one. */
  @Test
  void nobody_has_a_record_with_findings_dropped_by_a_long_name() throws IOException {
    Finding finding =
        new Finding(
            FindingType.JAILBREAK,
            Severity.CRITICAL,
            0.9,
            Zone.USER,
            "/" + "k".repeat(20_000),
            0,
            3,
            "signatures",
            "dan",
            "DAN");

    JsonNode json =
        WireJson.mapper().readTree(RecordJson.of(answered("m".repeat(100_000), List.of(finding))));

    assertThat(json.path("kind").asText()).isEqualTo("completion");
    assertThat(json.path("model").asText()).hasSize(4_096).endsWith("m…");
    JsonNode kept = json.path("findings").path(0);
    assertThat(kept.path("severity").asText()).isEqualTo("critical");
    assertThat(kept.findValuesAsText("pointer")).allMatch(text -> text.length() <= 4_096);
    assertThat(json.toString()).hasSizeLessThan(10_000);
  }

  @Test
  void a_cut_leaves_no_half_of_a_character() throws IOException {
    String model = "m".repeat(4_094) + "\uD83D\uDE00".repeat(10);

    String cut =
        WireJson.mapper()
            .readTree(RecordJson.of(answered(model, List.of())))
            .path("model")
            .asText();

    assertThat(cut).isEqualTo("m".repeat(4_094) + "…");
  }

  @Test
  void what_is_short_stays_as_it_is() throws IOException {
    String model = "m".repeat(4_096);

    assertThat(
            WireJson.mapper()
                .readTree(RecordJson.of(answered(model, List.of())))
                .path("model")
                .asText())
        .isEqualTo(model);
  }
}
