package io.llmtrace.plugin.tap;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.plugin.answers.Inspectors;
import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.output.AnswerContext;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.MappedDialect;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.usage.PriceTable;
import io.llmtrace.policies.usage.Prompt;
import io.llmtrace.policies.usage.UsageSource;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.runtime.config.Secret;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What completions say of tokens, cost and time. */
class TapUsageTest {
  private static final PriceTable TABLE = PriceTable.builtIn();

  private static final String QUESTION = "How tall is the lighthouse?";

  @TempDir Path directory;

  private final List<CompletionRecord> completions = new ArrayList<>();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final OpenQuestions questions = new OpenQuestions(0, meters);
  private DecisionIds ids;
  private Tap tap;

  @BeforeEach
  void open() throws IOException {
    ids = DecisionIds.open(directory);
    tap = tap(new Apis(Dialects.builtIn(), route -> null));
  }

  private Tap tap(Apis apis) {
    TelemetrySink sink =
        new TelemetrySink() {
          @Override
          public void inspection(InspectionRecord record) {}

          @Override
          public void completion(CompletionRecord record) {
            completions.add(record);
          }
        };
    return new Tap(
        Secret.of("s3cret"),
        ids,
        questions,
        apis,
        Inspectors.inspector(Inspectors.WIDE, meters),
        sink,
        () -> TABLE,
        (completion, upstream) -> {},
        AnswerListener.NONE,
        new MemoryBudget(64 << 20),
        meters);
  }

  @Test
  void an_answer_whose_question_is_forgotten_is_read_by_what_its_route_asks_for_else_by_its_path()
      throws IOException {
    MappedDialect acme =
        MappedDialect.read(
                """
                - name: acme
                  paths: /acme/ask
                  request: {segments: [{zone: user, pointer: /q}]}
                  answer: {finish_reason: /why, usage: {prompt: /in, completion: /out}}
                """)
            .get(0);
    String body = "{\"in\":7,\"out\":5,\"why\":\"done\"}";
    Dialects known = Dialects.with(List.of(acme));
    Map<String, Apis> ways =
        Map.of(
            "/v1/chat/completions",
            new Apis(known, route -> route.equals("chat") ? acme : null),
            "/acme/ask",
            new Apis(known, route -> null));
    for (Map.Entry<String, Apis> way : ways.entrySet()) {
      tap = tap(way.getValue());
      ObjectNode entry = entry(ids.issue(), "application/json", body);
      entry.withObject("/request").put("uri", way.getKey() + "?x=1");
      CompletionRecord completion = received(entry);
      assertThat(completion.usage()).isEqualTo(new Usage(7, 5));
      assertThat(completion.finishReason()).isEqualTo("done");
    }
  }

  @Test
  void what_the_provider_reports_counts_and_is_priced_by_the_model_that_answered()
      throws IOException {
    String id = asked(Dialect.OPENAI_CHAT, "openai", "gpt-4o", false);
    CompletionRecord completion =
        received(
            entry(
                id,
                "application/json",
                "{\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"message\":{\"role\":\"assistant\","
                    + "\"content\":\"31 m.\"},\"finish_reason\":\"stop\"}],\"usage\":"
                    + "{\"prompt_tokens\":1000,\"completion_tokens\":10,"
                    + "\"prompt_tokens_details\":{\"cached_tokens\":400}}}"));
    assertThat(completion.usage()).isEqualTo(new Usage(1000, 10, 400, 0, 0));
    assertThat(completion.usageSource()).isEqualTo(UsageSource.REPORTED);
    // 600 at 2.50, 400 at 1.25, 10 at 10.00, of a million.
    assertThat(completion.costUsd()).isEqualByComparingTo("0.0021");
    assertThat(completion.firstTokenMs()).isNull();
  }

  @Test
  void a_stream_that_reports_nothing_is_counted_with_the_models_tokenizer() throws IOException {
    String id = asked(Dialect.OPENAI_CHAT, "openai", "gpt-4o", true);
    CompletionRecord completion = received(entry(id, "text/event-stream", stream("[DONE]")));
    // Three for the message, its role and six of the text, three that begin the answer.
    assertThat(completion.usage()).isEqualTo(new Usage(13, 7));
    assertThat(completion.usageSource()).isEqualTo(UsageSource.COUNTED);
    assertThat(completion.costUsd()).isEqualByComparingTo("0.0001025");
    assertThat(completion.firstTokenMs()).isEqualTo(250);
  }

  @Test
  void another_providers_stream_is_estimated_and_without_a_price_has_no_cost() throws IOException {
    String id = asked(Dialect.OPENAI_CHAT, "openai", "house-model", true);
    CompletionRecord completion =
        received(entry(id, "text/event-stream", stream("[DONE]").replace("gpt-4o", "house-model")));
    assertThat(completion.usage()).isNotNull();
    assertThat(completion.usageSource()).isEqualTo(UsageSource.ESTIMATED);
    assertThat(completion.costUsd()).isNull();
  }

  @Test
  void half_of_an_exchange_is_no_usage() throws IOException {
    CompletionRecord completion =
        received(entry(ids.issue(), "text/event-stream", stream("[DONE]")));
    assertThat(completion.usage()).isNull();
    assertThat(completion.usageSource()).isNull();
    assertThat(completion.costUsd()).isNull();
    assertThat(meters.counter("llmtrace.plugin.tap.usage", "source", "none").count()).isOne();
  }

  @Test
  void a_cut_log_is_noticed_and_its_answer_taken_for_as_long_as_the_gateway_says()
      throws IOException {
    String id = asked(Dialect.OPENAI_CHAT, "openai", "gpt-4o", true);
    String cut = stream("x").replace("data: x\n\n", "");
    ObjectNode entry = entry(id, "text/event-stream", cut);
    ((ObjectNode) entry.path("response")).put("size", 10 * cut.length());
    CompletionRecord completion = received(entry);
    assertThat(completion.truncated()).isTrue();
    assertThat(completion.usage()).isEqualTo(new Usage(13, 70));
    assertThat(completion.usageSource()).isEqualTo(UsageSource.ESTIMATED);
    assertThat(meters.counter("llmtrace.plugin.answers.truncated").count()).isOne();
  }

  @Test
  void of_a_cut_stream_only_the_prompt_is_as_reported() throws IOException {
    String id = asked(Dialect.ANTHROPIC_MESSAGES, "anthropic", "claude-sonnet-4-5", true);
    String text = "The lamp stands thirty-one metres above the sea. ".repeat(20);
    CompletionRecord completion =
        received(
            entry(
                id,
                "text/event-stream; charset=utf-8",
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":"
                    + "\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":21,"
                    + "\"output_tokens\":1}}}\n\nevent: content_block_delta\ndata: {\"type\":"
                    + "\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
                    + "\"text\":\""
                    + text
                    + "\"}}\n\n"));
    assertThat(completion.usage().promptTokens()).isEqualTo(21);
    assertThat(completion.usage().completionTokens()).isBetween(180L, 300L);
    assertThat(completion.usageSource()).isEqualTo(UsageSource.ESTIMATED);
  }

  @Test
  void an_error_costs_nothing_that_is_known() throws IOException {
    String id = asked(Dialect.OPENAI_CHAT, "openai", "gpt-4o", false);
    ObjectNode entry =
        entry(id, "application/json", "{\"error\":{\"message\":\"no\",\"code\":\"bad\"}}");
    ((ObjectNode) entry.path("response")).put("status", 400);
    CompletionRecord completion = received(entry);
    assertThat(completion.usage()).isNull();
    assertThat(completion.costUsd()).isNull();
  }

  @Test
  void a_client_waited_for_every_upstream_that_was_asked() throws IOException {
    String id = asked(Dialect.OPENAI_CHAT, "openai", "gpt-4o", true);
    ObjectNode entry = entry(id, "text/event-stream", stream("[DONE]"));
    entry.put("upstream_header_time", "0.100, -, 0.250");
    assertThat(received(entry).firstTokenMs()).isEqualTo(350);
  }

  @Test
  void frames_of_bedrock_survive_the_gateways_json_whole() throws IOException {
    String id =
        asked(
            Dialect.BEDROCK_CONVERSE,
            "bedrock",
            "eu.anthropic.claude-sonnet-4-20250514-v1:0",
            true);
    ObjectNode entry = entry(id, "application/vnd.amazon.eventstream", "@@body@@");
    ObjectNode other = entry(ids.issue(), "application/json", "{\"Größe\":\"31 m\"}");
    byte[] frames =
        Frames.stream(
            "messageStart", "{\"role\":\"assistant\"}",
            "contentBlockDelta",
                "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Der Turm ist 31 m hoch, für Gäste"
                    + " geöffnet. Mail anna.schmidt@kundenpost.de\"}}",
            "contentBlockStop", "{\"contentBlockIndex\":0}",
            "messageStop", "{\"stopReason\":\"end_turn\"}",
            "metadata",
                "{\"usage\":{\"inputTokens\":100,\"outputTokens\":20,\"totalTokens\":120},"
                    + "\"metrics\":{\"latencyMs\":900}}");
    tap.receive(Frames.logged("[" + entry + "," + other + "]", "@@body@@", frames));

    CompletionRecord completion = completions.get(0);
    assertThat(completions).hasSize(2);
    assertThat(completion.truncated()).isFalse();
    assertThat(completion.finishReason()).isEqualTo("end_turn");
    assertThat(completion.usage()).isEqualTo(new Usage(100, 20));
    assertThat(completion.usageSource()).isEqualTo(UsageSource.REPORTED);
    assertThat(completion.costUsd()).isEqualByComparingTo("0.0006");
    assertThat(completion.firstTokenMs()).isEqualTo(250);
    assertThat(completion.receipt().coverage()).isEqualTo(Coverage.INSPECTED);
    assertThat(completion.findings()).hasSize(1);
  }

  private CompletionRecord received(ObjectNode entry) throws IOException {
    tap.receive(entry.toString().getBytes(StandardCharsets.UTF_8));
    return completions.get(completions.size() - 1);
  }

  private String asked(Dialect dialect, String provider, String model, boolean stream) {
    String id = ids.issue();
    Exchange exchange =
        new Exchange(
            dialect,
            provider,
            model,
            stream,
            List.of(new Segment(Zone.USER, "user", "/messages/0/content", QUESTION)),
            List.of(),
            0);
    questions.keep(
        id, "default", AnswerContext.unknown(), Prompt.of(exchange, InspectionBudget.unlimited()));
    return id;
  }

  private static String stream(String last) {
    StringBuilder text = new StringBuilder();
    for (String piece : List.of("It is ", "thirty-one", " metres tall.")) {
      text.append("data: {\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"")
          .append(piece)
          .append("\"}}]}\n\n");
    }
    return text.append("data: ").append(last).append("\n\n").toString();
  }

  private ObjectNode entry(String id, String type, String body) {
    ObjectNode entry = WireJson.mapper().createObjectNode();
    entry.put("request_id", id).put("route_id", "chat").put("start_time", 1_795_473_873_405L);
    entry.put("latency", 1_250.0).put("upstream_latency", 1_200).put("upstream_header_time", 0.25);
    ObjectNode request = entry.putObject("request");
    request.put("method", "POST").put("uri", "/v1/chat/completions");
    request.putObject("headers").put("x-llmtrace-id", ids.header(id));
    ObjectNode response = entry.putObject("response");
    response.put("status", 200).put("size", body.length()).put("body", body);
    response.putObject("headers").put("content-type", type);
    return entry;
  }
}
