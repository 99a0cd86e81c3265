package io.llmtrace.policies.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.AnswerReader;
import io.llmtrace.policies.exchange.BlockAnswer;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.ResponseReader;
import io.llmtrace.policies.exchange.ResponseSummary;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.json.WireJson;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What the official clients make of a block: the fields that their error classes are chosen by. */
class DialectBlockAnswersTest {
  private static final String ID = "01ARYZ6S410000000000000000";

  /** APIs that generate no text have no refusal. */
  private static final Set<Dialect> ERRORS_ONLY =
      Set.of(
          Dialect.OPENAI_EMBEDDINGS,
          Dialect.OPENAI_MODERATIONS,
          Dialect.OPENAI_REALTIME,
          Dialect.ANTHROPIC_COUNT_TOKENS,
          Dialect.MCP);

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void an_error_names_decision_and_category_and_is_not_to_be_retried(Dialect dialect)
      throws Exception {
    for (BlockStyle style : List.of(BlockStyle.ERROR, BlockStyle.FORBIDDEN)) {
      BlockAnswer answer = answer(dialect, "m", false, "", style);
      assertThat(answer.status()).isEqualTo(style == BlockStyle.ERROR ? 400 : 403);
      assertThat(answer.headers()).containsEntry("content-type", "application/json");
      JsonNode body = WireJson.mapper().readTree(answer.body());
      assertThat(body.toString()).contains(ID).contains("jailbreak");
    }
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void a_refusal_reads_as_an_answer_of_the_dialect_streamed_or_not(Dialect dialect) {
    for (boolean stream : new boolean[] {false, true}) {
      String model = dialect == Dialect.BEDROCK_INVOKE ? "anthropic.claude-3" : "m";
      BlockAnswer answer = answer(dialect, model, stream, "", BlockStyle.REFUSAL);
      if (ERRORS_ONLY.contains(dialect)) {
        assertThat(answer.status()).isEqualTo(400);
        continue;
      }
      assertThat(answer.status()).isEqualTo(200);
      Answer read = AnswerReader.read(dialect, body(answer));
      assertThat(texts(read)).as("%s %s", dialect, stream).contains(ID);
      assertThat(read.truncated()).as("%s %s", dialect, stream).isFalse();
      ResponseSummary summary = ResponseReader.read(dialect, body(answer), 200);
      assertThat(summary.errorReason()).as("%s %s", dialect, stream).isNull();
      assertThat(summary.finishReason()).as("%s %s", dialect, stream).isNotNull();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "meta.llama3-8b-instruct-v1:0, /generation",
    "amazon.titan-text-express-v1, /results/0/outputText",
    "mistral.mistral-7b-instruct-v0:2, /outputs/0/text",
    "eu.amazon.nova-lite-v1:0, /output/message/content/0/text",
    "anthropic.claude-3-haiku-20240307-v1:0, /content/0/text",
  })
  void bedrock_refuses_in_the_models_own_dialect(String model, String pointer) throws Exception {
    BlockAnswer answer = answer(Dialect.BEDROCK_INVOKE, model, false, "", BlockStyle.REFUSAL);
    assertThat(WireJson.mapper().readTree(answer.body()).at(pointer).asText()).contains(ID);
    BlockAnswer unknown = answer(Dialect.BEDROCK_INVOKE, "x.y", true, "", BlockStyle.REFUSAL);
    assertThat(unknown.status()).isEqualTo(400);
  }

  @Test
  void an_aws_client_finds_the_exceptions_name_in_a_header() throws Exception {
    for (Dialect dialect : List.of(Dialect.BEDROCK_CONVERSE, Dialect.BEDROCK_INVOKE)) {
      BlockAnswer error = answer(dialect, "m", true, "", BlockStyle.ERROR);
      assertThat(error.headers()).containsEntry("x-amzn-errortype", "ValidationException");
      assertThat(json(error, "/message")).contains(ID);
      assertThat(answer(dialect, "m", true, "", BlockStyle.FORBIDDEN).headers())
          .containsEntry("x-amzn-errortype", "AccessDeniedException");
    }
  }

  @Test
  void a_google_client_finds_code_message_and_status() throws Exception {
    BlockAnswer error = answer(Dialect.GEMINI, "m", false, "", BlockStyle.FORBIDDEN);
    assertThat(json(error, "/error/code")).isEqualTo("403");
    assertThat(json(error, "/error/status")).isEqualTo("PERMISSION_DENIED");
    assertThat(json(error, "/error/message")).contains(ID);
  }

  @Test
  void the_other_clients_find_their_message() throws Exception {
    assertThat(json(answer(Dialect.OLLAMA_CHAT, "m", true, "", BlockStyle.ERROR), "/error"))
        .contains(ID);
    assertThat(json(answer(Dialect.COHERE_CHAT, "m", true, "", BlockStyle.ERROR), "/message"))
        .contains(ID);
    BlockAnswer tgi = answer(Dialect.TEXT_GENERATION, "m", true, "", BlockStyle.ERROR);
    assertThat(json(tgi, "/error_type")).isEqualTo("validation");
    BlockAnswer responses = answer(Dialect.OPENAI_RESPONSES, "m", true, "", BlockStyle.ERROR);
    assertThat(json(responses, "/error/code")).isEqualTo("content_filter");
    assertThat(responses.headers()).containsEntry("x-should-retry", "false");
  }

  @Test
  void an_mcp_client_gets_a_json_rpc_error_with_the_id_of_its_call() throws Exception {
    BlockAnswer one = answer(Dialect.MCP, "", false, "\"a-7\"", BlockStyle.ERROR);
    assertThat(one.status()).isEqualTo(200);
    assertThat(json(one, "/id")).isEqualTo("a-7");
    assertThat(json(one, "/error/code")).isEqualTo("-32000");
    BlockAnswer batch = answer(Dialect.MCP, "", false, "[1,2]", BlockStyle.FORBIDDEN);
    assertThat(batch.status()).isEqualTo(403);
    assertThat(json(batch, "/1/id")).isEqualTo("2");
    BlockAnswer notification = answer(Dialect.MCP, "", false, "", BlockStyle.ERROR);
    assertThat(notification.status()).isEqualTo(400);
    assertThat(WireJson.mapper().readTree(notification.body()).path("id").isNull()).isTrue();
  }

  private static BlockAnswer answer(
      Dialect dialect, String model, boolean stream, String callId, BlockStyle style) {
    return BlockAnswers.answer(new Caller(dialect, model, stream, callId), style, ID, "jailbreak");
  }

  private static String json(BlockAnswer answer, String pointer) throws Exception {
    return WireJson.mapper().readTree(answer.body()).at(pointer).asText();
  }

  private static String body(BlockAnswer answer) {
    String type = answer.headers().getOrDefault("content-type", "");
    Charset charset =
        type.contains("eventstream") ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8;
    return new String(answer.body(), charset);
  }

  private static String texts(Answer answer) {
    return answer.segments().stream().map(Segment::text).collect(Collectors.joining());
  }
}
