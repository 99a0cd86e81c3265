package io.llmtrace.policies.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.exchange.BlockAnswer;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.ResponseReader;
import io.llmtrace.policies.json.WireJson;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class BlockAnswersTest {
  private static final String ID = "01ARYZ6S410000000000000000";

  @Test
  void an_openai_client_gets_an_error_it_does_not_retry() throws Exception {
    BlockAnswer answer = answer(Dialect.OPENAI_CHAT, false, BlockStyle.ERROR);
    JsonNode error = WireJson.mapper().readTree(answer.body()).path("error");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.headers()).containsEntry("x-should-retry", "false");
    assertThat(error.path("type").asText()).isEqualTo("invalid_request_error");
    assertThat(error.path("code").asText()).isEqualTo("content_filter");
    assertThat(error.path("param").isNull()).isTrue();
    assertThat(error.path("message").asText()).contains(ID).contains("jailbreak");
  }

  @Test
  void an_anthropic_client_gets_its_own_error() throws Exception {
    BlockAnswer answer = answer(Dialect.ANTHROPIC_MESSAGES, false, BlockStyle.FORBIDDEN);
    JsonNode body = WireJson.mapper().readTree(answer.body());
    assertThat(answer.status()).isEqualTo(403);
    assertThat(body.path("type").asText()).isEqualTo("error");
    assertThat(body.path("error").path("type").asText()).isEqualTo("permission_error");
  }

  @Test
  void a_refusal_reads_as_an_answer_of_the_dialect_streamed_or_not() {
    for (Dialect dialect : new Dialect[] {Dialect.OPENAI_CHAT, Dialect.ANTHROPIC_MESSAGES}) {
      for (boolean stream : new boolean[] {true, false}) {
        BlockAnswer answer = answer(dialect, stream, BlockStyle.REFUSAL);
        String body = new String(answer.body(), StandardCharsets.UTF_8);
        var summary = ResponseReader.read(dialect, body, answer.status());
        assertThat(answer.status()).isEqualTo(200);
        assertThat(summary.model()).isEqualTo("m");
        assertThat(summary.finishReason())
            .isEqualTo(dialect == Dialect.OPENAI_CHAT ? "content_filter" : "refusal");
        assertThat(summary.truncated()).isFalse();
        assertThat(body).contains(ID);
      }
    }
  }

  private static BlockAnswer answer(Dialect dialect, boolean stream, BlockStyle style) {
    return BlockAnswers.answer(new Caller(dialect, "m", stream, ""), style, ID, "jailbreak");
  }
}
