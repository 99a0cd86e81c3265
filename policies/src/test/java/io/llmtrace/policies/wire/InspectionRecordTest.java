package io.llmtrace.policies.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.json.WireJson;
import org.junit.jupiter.api.Test;

class InspectionRecordTest {
  private static final String OLD =
      """
      {"kind":"inspection","decision_id":"01K","at":1,"trace_id":"","tenant":"default","route":"r",
       "consumer":"","method":"POST","path":"/v1/chat/completions","dialect":"openai_chat",
       "provider":"openai","model":"m","stream":false,
       "decision":{"action":"allow","would":"allow","mode":"observe","policy":"p","rule":"r",
         "revision":0},
       "findings":[],"receipt":{"coverage":"inspected","reason":"","segments":1,
         "segments_inspected":1,"bytes":9,"missing_stages":[]},
       "stages_micros":{},"tap":true}
      """;

  @Test
  void a_record_of_before_agents_were_known_is_still_read() throws Exception {
    InspectionRecord read =
        (InspectionRecord) WireJson.mapper().readValue(OLD, TelemetryRecord.class);
    assertThat(read.agent()).isEmpty();
    assertThat(read.redacted()).isZero();
    assertThat(read.receipt().unread()).isEmpty();
    String json = WireJson.mapper().writeValueAsString(read);
    assertThat(WireJson.mapper().readValue(json, InspectionRecord.class)).isEqualTo(read);
  }
}
