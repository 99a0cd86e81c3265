package io.llmtrace.plugin.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.telemetry.SpoolRefusedException;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.Ulid;
import io.llmtrace.policies.wire.WireJson;
import io.llmtrace.runtime.config.Secret;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On entries recorded from a gateway's http-logger. */
class TapTest {
  @TempDir Path directory;

  private final Kept kept = new Kept();
  private DecisionIds ids;
  private Tap tap;

  @BeforeEach
  void open() throws IOException {
    ids = DecisionIds.open(directory);
    tap = new Tap(Secret.of("s3cret"), ids, kept, new SimpleMeterRegistry());
  }

  @Test
  void completes_the_exchange_whose_id_it_issued() throws IOException {
    String id = ids.issue();
    tap.receive(bytes(withRequestId(recorded("json"), ids.header(id))));

    CompletionRecord completion = kept.completions.get(0);
    assertThat(kept.inspections).isEmpty();
    assertThat(completion.decisionId()).isEqualTo(id);
    assertThat(completion.status()).isEqualTo(200);
    assertThat(completion.usage()).isNotNull();
    assertThat(completion.upstreamError()).isNull();
  }

  @Test
  void reads_usage_of_a_stream() throws IOException {
    String id = ids.issue();
    tap.receive(bytes(withRequestId(recorded("sse"), ids.header(id))));

    assertThat(kept.completions.get(0).usage()).isInstanceOf(Usage.class);
    assertThat(kept.completions.get(0).truncated()).isFalse();
  }

  @Test
  void joins_a_stopped_request_by_the_answers_header_and_blames_no_provider() throws IOException {
    String id = ids.issue();
    ObjectNode entry = recorded("stopped-by-runner");
    ((ObjectNode) entry.path("response").path("headers")).put("x-llmtrace-id", ids.header(id));
    tap.receive(bytes(entry));

    assertThat(kept.inspections).isEmpty();
    assertThat(kept.completions.get(0).decisionId()).isEqualTo(id);
    assertThat(kept.completions.get(0).upstreamError()).isNull();
  }

  @Test
  void records_what_passed_without_the_plugin_as_uninspected_and_once() throws IOException {
    ObjectNode entry = recorded("json");
    // The recording's client came with an id of its own.
    ((ObjectNode) entry.path("request").path("headers")).remove("x-llmtrace-id");
    tap.receive(bytes(entry));
    tap.receive(bytes(entry));
    Tap afterRestart = new Tap(Secret.of("s3cret"), ids, kept, new SimpleMeterRegistry());
    afterRestart.receive(bytes(entry));

    assertThat(kept.inspections).hasSize(2);
    assertThat(kept.inspections.get(0).receipt().reason()).isEqualTo("degraded");
    assertThat(Ulid.isValid(kept.inspections.get(0).decisionId())).isTrue();
    // The control plane knows the second one by its id: it is the same record.
    assertThat(kept.inspections.get(1)).isEqualTo(kept.inspections.get(0));
  }

  @Test
  void never_joins_on_a_forged_id() throws IOException {
    String forged = ids.issue() + ".0123456789abcdef";
    tap.receive(bytes(withRequestId(recorded("json"), forged)));

    assertThat(kept.inspections.get(0).receipt().reason()).isEqualTo("forged_id");
    assertThat(kept.completions.get(0).decisionId()).isNotEqualTo(forged.substring(0, 26));
  }

  @Test
  void never_joins_on_an_id_that_an_upstream_answered_with() throws IOException {
    String id = ids.issue();
    ObjectNode entry = recorded("json");
    ((ObjectNode) entry.path("response").path("headers")).put("x-llmtrace-id", ids.header(id));
    tap.receive(bytes(entry));

    assertThat(kept.completions.get(0).decisionId()).isNotEqualTo(id);
  }

  @Test
  void keeps_no_credential() throws IOException {
    tap.receive(bytes(recorded("stopped-by-runner")));
    tap.receive(bytes(recorded("hide-credentials")));

    String all = WireJson.mapper().writeValueAsString(List.of(kept.inspections, kept.completions));
    assertThat(all).doesNotContain("example-consumer-key").doesNotContain("example-provider-token");
  }

  @Test
  void leaves_out_a_malformed_entry_and_keeps_the_others() throws IOException {
    tap.receive(("[{\"x\":1}," + recorded("json") + "]").getBytes(StandardCharsets.UTF_8));
    assertThat(kept.completions).hasSize(1);
  }

  @Test
  void refuses_what_is_no_log() {
    assertThatThrownBy(() -> tap.receive("hello".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> tap.receive("[]".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void takes_an_entry_again_that_could_not_be_kept() throws IOException {
    kept.refuse = true;
    assertThatThrownBy(() -> tap.receive(bytes(recorded("json")))).isInstanceOf(IOException.class);
    kept.refuse = false;
    tap.receive(bytes(recorded("json")));
    assertThat(kept.completions).hasSize(1);
  }

  @Test
  void knows_its_secret() {
    assertThat(tap.authorized("Bearer s3cret")).isTrue();
    assertThat(tap.authorized("s3cret")).isTrue();
    assertThat(tap.authorized("Bearer other")).isFalse();
    assertThat(tap.authorized(null)).isFalse();
  }

  private static ObjectNode withRequestId(ObjectNode entry, String header) {
    ((ObjectNode) entry.path("request").path("headers")).put("x-llmtrace-id", header);
    return entry;
  }

  private static ObjectNode recorded(String sample) throws IOException {
    try (InputStream in =
        TapTest.class.getResourceAsStream("/http-logger/http-logger-" + sample + ".json")) {
      JsonNode body = WireJson.mapper().readTree(in).path("deliveries").path(0).path("body");
      return (ObjectNode) (body.isArray() ? body.path(0) : body);
    }
  }

  private static byte[] bytes(JsonNode entry) throws IOException {
    return WireJson.mapper().writeValueAsBytes(entry);
  }

  /** Keeps records in memory, or refuses them. */
  private static final class Kept implements TelemetrySink {
    final List<InspectionRecord> inspections = new ArrayList<>();
    final List<CompletionRecord> completions = new ArrayList<>();
    boolean refuse;

    @Override
    public void inspection(InspectionRecord inspection) throws SpoolRefusedException {
      if (refuse) {
        throw new SpoolRefusedException("full", null);
      }
      inspections.add(inspection);
    }

    @Override
    public void completion(CompletionRecord completion) {
      completions.add(completion);
    }
  }
}
