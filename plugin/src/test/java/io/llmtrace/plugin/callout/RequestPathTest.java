package io.llmtrace.plugin.callout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestPathTest {
  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions, /v1/chat/completions",
    "/v1/chat/completions?a=/../b, /v1/chat/completions",
    "/, /",
    "/v1//chat/./x/, /v1/chat/x/",
    "/v1/a/../chat, /v1/chat",
    "/v1/a/.., /v1/",
    "/v1/%63hat%2Fx, /v1/chat/x",
    "/v1/%252e, /v1/%2e",
    "/caf%C3%A9, /café",
    "https://api.openai.com/v1/x?y, /v1/x",
    "https://api.openai.com, /",
    "/v1/chat#%, /v1/chat",
    "/v1/chat#/../../.., /v1/chat",
  })
  void is_decoded_once_and_normalised(String target, String path) {
    assertThat(RequestPath.of(target)).isEqualTo(path);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "v1/chat", "*", "/a/../..", "/%2e%2e/x", "/%", "/%4", "/%zz"})
  void is_refused_where_it_is_none(String target) {
    assertThatThrownBy(() -> RequestPath.of(target))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("x-llmtrace-uri: expected");
  }
}
