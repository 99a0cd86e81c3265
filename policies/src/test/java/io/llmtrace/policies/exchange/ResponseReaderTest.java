package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ResponseReaderTest {
  @Test
  void reads_usage_of_openai_json() {
    ResponseSummary summary =
        ResponseReader.read(
            Dialect.OPENAI_CHAT,
            "{\"model\":\"gpt-4o-2024\",\"choices\":[{\"finish_reason\":\"stop\"}],"
                + "\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}",
            200);
    assertThat(summary)
        .isEqualTo(new ResponseSummary("gpt-4o-2024", new Usage(12, 5), "stop", null, false));
  }

  @Test
  void reads_usage_of_an_anthropic_stream() {
    String stream =
        """
        event: message_start
        data: {"type":"message_start","message":{"model":"claude","usage":{"input_tokens":7,"cache_read_input_tokens":3,"output_tokens":1}}}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}

        event: message_stop
        data: {"type":"message_stop"}

        """;
    assertThat(ResponseReader.read(null, stream, 200))
        .isEqualTo(
            new ResponseSummary("claude", new Usage(10, 9, 3, 0, 0), "end_turn", null, false));
  }

  @Test
  void reads_usage_of_an_openai_stream_and_sees_when_it_breaks() {
    String whole =
        """
        data: {"model":"m","choices":[{"finish_reason":"stop"}]}

        data: {"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":3}}

        data: [DONE]

        """;
    assertThat(ResponseReader.read(null, whole, 200).usage()).isEqualTo(new Usage(2, 3));

    ResponseSummary broken = ResponseReader.read(null, whole.substring(0, 60), 200);
    assertThat(broken.errorReason()).isEqualTo("broken_stream");
    assertThat(broken.truncated()).isTrue();
    assertThat(broken.usage()).isNull();
  }

  @Test
  void names_a_providers_error() {
    assertThat(ResponseReader.read(null, "{\"error\":{}}", 500).errorReason())
        .isEqualTo("http_5xx");
    assertThat(ResponseReader.read(null, "", 429).errorReason()).isEqualTo("rate_limited");
    assertThat(ResponseReader.read(null, "{\"error\":{}}", 200).errorReason())
        .isEqualTo("provider_error");
  }

  @Test
  void says_when_the_log_was_cut() {
    assertThat(ResponseReader.read(null, "{\"model\":\"m\",\"choi", 200).truncated()).isTrue();
  }
}
