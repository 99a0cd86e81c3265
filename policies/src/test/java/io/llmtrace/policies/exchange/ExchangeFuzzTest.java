package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Bodies from outside end in an exchange or a reason, and answers in an answer. Fuzzed with {@code
 * policies/fuzz exchange}.
 */
class ExchangeFuzzTest {
  private static final List<String> PATHS =
      List.of("/v1/chat/completions", "/v1/messages", "/mcp", "/v1/completions", "/elsewhere");

  private static final List<String> TYPES = List.of("application/json", "text/plain", "");

  @FuzzTest(maxDuration = "10m")
  void any_request_ends_in_an_exchange_or_a_reason(FuzzedDataProvider data) {
    String path = data.pickValue(PATHS);
    String type = data.pickValue(TYPES);
    byte[] body = data.consumeRemainingAsBytes();
    try {
      Exchange exchange =
          ExchangeReader.read(
              new RequestContent("POST", path, Map.of("content-type", type), body), null);
      assertThat(exchange.segments()).doesNotContainNull();
    } catch (UnreadableBodyException e) {
      assertThat(e).hasMessageMatching("(?s).+");
    }
  }

  @FuzzTest(maxDuration = "10m")
  void any_answer_is_read(byte[] bytes) {
    String body = new String(bytes, StandardCharsets.UTF_8);
    assertThat(AnswerReader.read(body).segments()).doesNotContainNull();
    for (Dialect dialect : Dialect.values()) {
      assertThat(ResponseReader.read(dialect, body, 200)).isNotNull();
    }
    assertThat(ResponseReader.read(null, body, 500)).isNotNull();
  }
}
