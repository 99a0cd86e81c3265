package io.llmtrace.policies.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.detect.RefusedBy;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.usage.UsageSource;
import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.Test;

class CompletionRecordTest {
  @Test
  void a_record_of_before_answers_were_read_is_still_read() throws Exception {
    String old =
        "{\"kind\":\"completion\",\"decision_id\":\"01K\",\"at\":1,\"status\":200,"
            + "\"latency_ms\":2.5,\"finish_reason\":\"stop\",\"truncated\":false}";
    CompletionRecord read =
        (CompletionRecord) WireJson.mapper().readValue(old, TelemetryRecord.class);
    assertThat(read.findings()).isEmpty();
    assertThat(read.receipt()).isNull();
    assertThat(read.refusal()).isNull();
    assertThat(read.usageSource()).isNull();
    assertThat(read.costUsd()).isNull();
    assertThat(read)
        .isEqualTo(
            new CompletionRecord(
                "01K", 1, 200, 2.5, null, null, null, "stop", null, false, List.of(), null, null));
  }

  @Test
  void what_was_seen_in_an_answer_survives_the_wire() throws Exception {
    CompletionRecord written =
        new CompletionRecord(
            "01K",
            1,
            200,
            2.5,
            null,
            null,
            null,
            null,
            null,
            false,
            List.of(
                new Finding(
                    FindingType.SYSTEM_PROMPT_LEAK,
                    Severity.HIGH,
                    0.9,
                    Zone.ASSISTANT,
                    "/choices/0/message/content",
                    0,
                    9,
                    "prompt_leak",
                    "prompt",
                    "70% of the system prompt")),
            new Receipt(Coverage.INSPECTED, "", 1, 1, 30, List.of()),
            RefusedBy.MODEL,
            UsageSource.COUNTED,
            120.5,
            new BigDecimal("0.000123"),
            Action.REDACT);
    String json = WireJson.mapper().writeValueAsString(written);
    assertThat(json)
        .contains("\"refusal\":\"model\"", "\"coverage\":\"inspected\"")
        .contains("\"usage_source\":\"counted\"", "\"answer_action\":\"redact\"");
    assertThat(WireJson.mapper().readValue(json, CompletionRecord.class)).isEqualTo(written);
  }
}
