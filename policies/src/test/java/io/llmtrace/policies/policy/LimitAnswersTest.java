package io.llmtrace.policies.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.exchange.BlockAnswer;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.limit.LimitKind;
import io.llmtrace.policies.limit.Refusal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the official clients make of a limit. */
class LimitAnswersTest {
  private static final String ID = "01ARYZ6S410000000000000000";
  private static final Refusal RATE =
      new Refusal("per-consumer", LimitKind.REQUESTS_PER_MINUTE, Limit.Action.LIMIT, 17);
  private static final Refusal TOKENS =
      new Refusal("per-consumer", LimitKind.TOKENS_PER_MINUTE, Limit.Action.LIMIT, 17);
  private static final Refusal BUDGET =
      new Refusal("monthly", LimitKind.COST_USD, Limit.Action.LIMIT, 0);

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void a_rate_says_when_to_come_again_in_every_dialect(Dialect dialect) throws Exception {
    BlockAnswer answer = answer(dialect, RATE);
    assertThat(answer.status()).isEqualTo(429);
    assertThat(answer.headers())
        .containsEntry("retry-after", "17")
        .containsEntry("content-type", "application/json")
        .doesNotContainKey("x-should-retry");
    JsonNode body = WireJson.mapper().readTree(answer.body());
    assertThat(body.toString()).contains(ID).contains("per-consumer").contains("17 s");
  }

  @ParameterizedTest
  @EnumSource(Dialect.class)
  void a_budget_is_not_to_be_tried_again_in_every_dialect(Dialect dialect) throws Exception {
    BlockAnswer answer = answer(dialect, BUDGET);
    assertThat(answer.status()).isEqualTo(429);
    assertThat(answer.headers())
        .containsEntry("x-should-retry", "false")
        .doesNotContainKey("retry-after");
    assertThat(WireJson.mapper().readTree(answer.body()).toString()).contains(ID, "monthly");
  }

  @ParameterizedTest
  @EnumSource(LimitKind.class)
  void every_kind_has_words_of_its_own(LimitKind kind) {
    Refusal refusal = new Refusal("l", kind, Limit.Action.LIMIT, kind.passes() ? 1 : 0);
    BlockAnswer answer = answer(Dialect.OPENAI_CHAT, refusal);
    assertThat(answer.headers().containsKey("retry-after")).isEqualTo(kind.passes());
  }

  @Test
  void openai_and_all_who_speak_its_errors() throws Exception {
    for (Dialect dialect :
        List.of(
            Dialect.OPENAI_CHAT,
            Dialect.OPENAI_RESPONSES,
            Dialect.OPENAI_COMPLETIONS,
            Dialect.OPENAI_EMBEDDINGS,
            Dialect.TEXT,
            Dialect.GENERIC_JSON)) {
      assertThat(json(dialect, RATE, "/error/type")).isEqualTo("requests");
      assertThat(json(dialect, TOKENS, "/error/type")).isEqualTo("tokens");
      assertThat(json(dialect, RATE, "/error/code")).isEqualTo("rate_limit_exceeded");
      assertThat(json(dialect, BUDGET, "/error/code")).isEqualTo("insufficient_quota");
    }
  }

  @Test
  void anthropic() throws Exception {
    for (Dialect dialect : List.of(Dialect.ANTHROPIC_MESSAGES, Dialect.ANTHROPIC_COUNT_TOKENS)) {
      assertThat(json(dialect, RATE, "/type")).isEqualTo("error");
      assertThat(json(dialect, RATE, "/error/type")).isEqualTo("rate_limit_error");
    }
  }

  @Test
  void gemini() throws Exception {
    assertThat(json(Dialect.GEMINI, RATE, "/error/status")).isEqualTo("RESOURCE_EXHAUSTED");
    assertThat(json(Dialect.GEMINI, RATE, "/error/code")).isEqualTo("429");
    assertThat(json(Dialect.GEMINI, RATE, "/error/details/0/retryDelay")).isEqualTo("17s");
    assertThat(json(Dialect.GEMINI, BUDGET, "/error/details")).isEmpty();
  }

  @Test
  void an_aws_client_tries_again_by_the_name_of_the_exception() {
    for (Dialect dialect : List.of(Dialect.BEDROCK_CONVERSE, Dialect.BEDROCK_INVOKE)) {
      assertThat(answer(dialect, RATE).headers())
          .containsEntry("x-amzn-errortype", "ThrottlingException");
      assertThat(answer(dialect, BUDGET).headers())
          .containsEntry("x-amzn-errortype", "ServiceQuotaExceededException");
    }
  }

  @Test
  void the_others() throws Exception {
    assertThat(json(Dialect.OLLAMA_CHAT, RATE, "/error")).contains(ID);
    assertThat(json(Dialect.COHERE_CHAT, RATE, "/message")).contains(ID);
    assertThat(json(Dialect.TEXT_GENERATION, RATE, "/error_type")).isEqualTo("overloaded");
  }

  @Test
  void an_mcp_client_finds_the_ids_of_its_calls() throws Exception {
    BlockAnswer one = LimitAnswers.answer(mcp("\"a-7\""), ID, RATE);
    JsonNode body = WireJson.mapper().readTree(one.body());
    assertThat(one.status()).isEqualTo(429);
    assertThat(body.at("/id").asText()).isEqualTo("a-7");
    assertThat(body.at("/error/code").asInt()).isEqualTo(-32000);
    assertThat(body.at("/error/data/retry_after_seconds").asInt()).isEqualTo(17);
    BlockAnswer batch = LimitAnswers.answer(mcp("[1,2]"), ID, BUDGET);
    JsonNode errors = WireJson.mapper().readTree(batch.body());
    assertThat(errors.at("/1/id").asInt()).isEqualTo(2);
    assertThat(errors.at("/1/error/data").has("retry_after_seconds")).isFalse();
  }

  private static Caller mcp(String callId) {
    return new Caller(Dialect.MCP, "", false, callId);
  }

  private static BlockAnswer answer(Dialect dialect, Refusal refusal) {
    return LimitAnswers.answer(new Caller(dialect, "m", true, ""), ID, refusal);
  }

  private static String json(Dialect dialect, Refusal refusal, String pointer) throws Exception {
    return WireJson.mapper().readTree(answer(dialect, refusal).body()).at(pointer).asText();
  }
}
