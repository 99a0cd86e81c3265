package io.llmtrace.plugin.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.plugin.answers.AnswerInspector;
import io.llmtrace.plugin.answers.Inspectors;
import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.telemetry.SpoolRefusedException;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.RefusedBy;
import io.llmtrace.policies.detect.output.AnswerContext;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.usage.PriceTable;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
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
  private static final PriceTable TABLE = PriceTable.builtIn();

  @TempDir Path directory;

  private static final String PROMPT =
      "You are Otto, the assistant of a lighthouse museum. Never tell anybody that the lamp room is"
          + " closed on Mondays. Always offer the guided tour first and never mention the internal"
          + " discount code of the staff. If a visitor complains, answer politely and briefly.";

  private final Kept kept = new Kept();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final OpenQuestions questions = new OpenQuestions(0, meters);
  private final MemoryBudget memory = new MemoryBudget(64 << 20);
  private DecisionIds ids;
  private Tap tap;

  @BeforeEach
  void open() throws IOException {
    ids = DecisionIds.open(directory);
    tap = tap(Inspectors.inspector(Inspectors.WIDE, meters));
  }

  private Tap tap(AnswerInspector answers) {
    return new Tap(
        Secret.of("s3cret"),
        ids,
        questions,
        new Apis(Dialects.builtIn(), route -> null),
        answers,
        kept,
        () -> TABLE,
        (completion, upstream) -> {},
        AnswerListener.NONE,
        memory,
        meters);
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
    tap.receive(bytes(stopped(id)));

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
    Tap afterRestart = tap(Inspectors.inspector(Inspectors.WIDE, meters));
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
  void an_id_that_was_an_exchange_is_not_another_one_too() throws IOException {
    String id = ids.issue();
    ObjectNode first = withRequestId(recorded("json"), ids.header(id));
    ObjectNode second = withRequestId(recorded("json"), ids.header(id));
    second.put("start_time", first.path("start_time").asLong() + 5);
    second.put("request_id", "another");
    tap.receive(bytes(first));
    tap.receive(bytes(first));
    tap.receive(bytes(second));
    tap.receive(bytes(second));

    // The log came twice, and the exchange that borrowed an id is neither hidden nor its owner.
    assertThat(kept.completions).hasSize(2);
    assertThat(kept.completions.get(0).decisionId()).isEqualTo(id);
    assertThat(kept.completions.get(1).decisionId()).isNotEqualTo(id);
    assertThat(kept.inspections)
        .extracting(record -> record.decisionId() + " " + record.receipt().reason())
        .containsExactly(kept.completions.get(1).decisionId() + " forged_id");
  }

  @Test
  void an_id_of_another_time_is_nobodys() throws IOException {
    long now = System.currentTimeMillis();
    String old = Ulid.of(now - 3 * 3_600_000L, 1, 2);
    String stepped = Ulid.of(now + 3_600_000L, 1, 2);
    tap.receive(bytes(withRequestId(started(now), ids.header(old))));
    tap.receive(bytes(withRequestId(started(now + 1), ids.header(stepped))));
    // A log that comes late is that of its exchange all the same.
    String late = Ulid.of(now - 30 * 3_600_000L, 1, 2);
    tap.receive(bytes(withRequestId(started(now - 30 * 3_600_000L), ids.header(late))));

    assertThat(kept.inspections)
        .extracting(record -> record.receipt().reason())
        .containsExactly("forged_id");
    assertThat(kept.completions)
        .extracting(CompletionRecord::decisionId)
        .doesNotContain(old)
        .endsWith(stepped, late);
  }

  @Test
  void an_answer_too_heavy_to_read_is_told_and_its_memory_given_back() throws IOException {
    ObjectNode entry = answered(ids.issue(), "");
    ((ObjectNode) entry.path("response"))
        .put("body", "{\"choices\":[" + "[],".repeat(1 << 20) + "1]}");
    tap.receive(bytes(entry));
    assertThat(kept.completions.get(0).receipt().reason()).isEqualTo("too_large");
    assertThat(kept.completions.get(0).receipt().coverage()).isEqualTo(Coverage.UNINSPECTED);
    assertThat(memory.used()).isZero();
  }

  @Test
  void a_delivery_of_many_small_parts_is_refused() {
    byte[] parts = ("[" + "{},".repeat(5 << 20) + "1]").getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> tap.receive(parts))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fewer parts");
  }

  private static ObjectNode started(long millis) throws IOException {
    ObjectNode entry = recorded("json");
    entry.put("start_time", millis);
    entry.put("request_id", "at " + millis);
    return entry;
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
  void an_answer_is_read_beside_its_question_which_is_then_forgotten() throws IOException {
    String id = asked();
    tap.receive(bytes(answered(id, "I was told: " + PROMPT)));

    CompletionRecord completion = kept.completions.get(0);
    assertThat(completion.findings())
        .extracting(Finding::type)
        .containsExactly(FindingType.SYSTEM_PROMPT_LEAK);
    assertThat(completion.receipt().coverage()).isEqualTo(Coverage.INSPECTED);
    assertThat(questions.count()).isZero();
  }

  @Test
  void without_its_question_it_is_read_all_the_same() throws IOException {
    String id = ids.issue();
    tap.receive(bytes(answered(id, PROMPT + " Mail anna.schmidt@kundenpost.de")));

    assertThat(kept.completions.get(0).findings())
        .extracting(Finding::type)
        .containsExactly(FindingType.PII_DETECTED);
    assertThat(kept.completions.get(0).receipt().coverage()).isEqualTo(Coverage.INSPECTED);
  }

  @Test
  void an_entry_with_a_forged_id_does_not_get_at_a_question() throws IOException {
    String id = asked();
    ObjectNode entry = answered(id, PROMPT);
    tap.receive(bytes(withRequestId(entry, id + ".0123456789abcdef")));

    assertThat(kept.inspections.get(0).receipt().reason()).isEqualTo("forged_id");
    assertThat(kept.completions.get(0).findings()).isEmpty();
    assertThat(kept.completions.get(0).receipt().coverage()).isEqualTo(Coverage.INSPECTED);
    assertThat(questions.find(id)).isPresent();
  }

  @Test
  void a_question_stays_until_its_answer_is_on_disk() throws IOException {
    String id = asked();
    kept.refuse = true;
    assertThatThrownBy(() -> tap.receive(bytes(answered(id, PROMPT))))
        .isInstanceOf(IOException.class);
    kept.refuse = false;
    tap.receive(bytes(answered(id, PROMPT)));
    assertThat(kept.completions).hasSize(1);
    assertThat(kept.completions.get(0).findings()).hasSize(1);
  }

  @Test
  void an_answer_of_ours_is_no_models() throws IOException {
    String id = ids.issue();
    tap.receive(bytes(stopped(id)));
    assertThat(kept.completions.get(0).receipt()).isNull();
    assertThat(kept.completions.get(0).findings()).isEmpty();
  }

  @Test
  void a_refusal_is_told_from_a_filter() throws IOException {
    tap.receive(bytes(answered(ids.issue(), "I'm sorry, but I can't help with that.")));
    ObjectNode filtered = answered(ids.issue(), "Half");
    ((ObjectNode) filtered.path("response"))
        .put(
            "body",
            "{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"content_filter\"}]}");
    tap.receive(bytes(filtered));
    tap.receive(bytes(answered(ids.issue(), "The lamp turns every twelve seconds.")));
    assertThat(kept.completions)
        .extracting(CompletionRecord::refusal)
        .containsExactly(RefusedBy.MODEL, RefusedBy.PROVIDER, null);
  }

  @Test
  void bytes_that_are_no_text_cost_neither_their_entry_nor_those_beside_it() throws IOException {
    ObjectNode binary = answered(ids.issue(), "");
    ((ObjectNode) binary.path("response")).put("body", "PLACE");
    byte[] batch =
        WireJson.mapper().writeValueAsBytes(List.of(binary, answered(ids.issue(), "Good day.")));
    String text = new String(batch, StandardCharsets.ISO_8859_1);
    // Brotli, as a gateway logs it: the bytes as they are, what JSON forbids as escapes.
    String raw = "\u00a1\\b\\u0000\u0080\u00aa\u00aa\u00ea\u00ff\u00dc\u00f1".repeat(20);
    tap.receive(text.replace("PLACE", raw).getBytes(StandardCharsets.ISO_8859_1));

    assertThat(kept.completions)
        .extracting(completion -> completion.receipt().reason())
        .containsExactly("binary", "");
  }

  @Test
  void a_gzipped_answer_that_the_gateway_unpacked_is_read() throws IOException {
    tap.receive(bytes(recorded("gzip-response")));
    assertThat(kept.completions.get(0).receipt().coverage()).isEqualTo(Coverage.INSPECTED);
  }

  @Test
  void a_detector_that_throws_costs_no_completion() throws IOException {
    Tap broken =
        tap(
            Inspectors.inspector(
                Inspectors.WIDE,
                meters,
                Inspectors.detector(
                    "broken",
                    budget -> {
                      throw new StackOverflowError("a bug");
                    })));
    broken.receive(bytes(answered(ids.issue(), "Mail anna.schmidt@kundenpost.de")));
    CompletionRecord completion = kept.completions.get(0);
    assertThat(completion.findings()).hasSize(1);
    assertThat(completion.receipt().coverage()).isEqualTo(Coverage.PARTIAL);
    assertThat(completion.receipt().reason()).isEqualTo("error");
  }

  /** Asks with the prompt, as the request side does. */
  private String asked() {
    String id = ids.issue();
    Exchange exchange =
        new Exchange(
            Dialect.OPENAI_CHAT,
            "openai",
            "m",
            false,
            List.of(new Segment(Zone.SYSTEM, "system", "/messages/0/content", PROMPT)),
            List.of(),
            0);
    questions.keep(id, "default", AnswerContext.of(exchange, InspectionBudget.unlimited()), null);
    return id;
  }

  private ObjectNode answered(String id, String content) throws IOException {
    ObjectNode entry = withRequestId(recorded("json"), ids.header(id));
    entry.put("request_id", id);
    ObjectNode body = WireJson.mapper().createObjectNode();
    ObjectNode choice = body.putArray("choices").addObject();
    choice.put("index", 0).put("finish_reason", "stop");
    choice.putObject("message").put("role", "assistant").put("content", content);
    ((ObjectNode) entry.path("response")).put("body", body.toString());
    return entry;
  }

  @Test
  void knows_its_secret() {
    assertThat(tap.authorized("Bearer s3cret")).isTrue();
    assertThat(tap.authorized("s3cret")).isTrue();
    assertThat(tap.authorized("Bearer other")).isFalse();
    assertThat(tap.authorized(null)).isFalse();
  }

  private ObjectNode stopped(String id) throws IOException {
    ObjectNode entry = recorded("stopped-by-runner");
    ((ObjectNode) entry.path("response").path("headers")).put("x-llmtrace-id", ids.header(id));
    return entry;
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
    public void completion(CompletionRecord completion) throws SpoolRefusedException {
      if (refuse) {
        throw new SpoolRefusedException("full", null);
      }
      completions.add(completion);
    }
  }
}
