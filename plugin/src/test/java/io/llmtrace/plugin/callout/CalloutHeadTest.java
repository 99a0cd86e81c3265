package io.llmtrace.plugin.callout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CalloutHeadTest {
  private static final List<Map.Entry<String, String>> ALL =
      List.of(
          Map.entry("authorization", "Bearer inspect-key"),
          Map.entry("host", "127.0.0.1:9464"),
          Map.entry("connection", "close"),
          Map.entry("content-encoding", "gzip"),
          Map.entry("x-llmtrace-flag", "forged"),
          Map.entry("x-llmtrace-method", "POST"),
          Map.entry("x-llmtrace-uri", "/v1/chat/completions?x=1"),
          Map.entry("x-llmtrace-host", "api.openai.com"),
          Map.entry("x-llmtrace-client-ip", "10.1.2.3"),
          Map.entry("x-llmtrace-route", "chat"),
          Map.entry("x-llmtrace-consumer", "zo\u00c3\u00ab"),
          Map.entry("x-llmtrace-authorization", "Bearer sk-client"),
          Map.entry("x-llmtrace-conf", "{\"mode\":\"enforce\"}"));

  @Test
  void the_clients_request_is_told_by_headers_and_the_key_is_not_taken_for_its_own() {
    CalloutHead head = CalloutHead.read(ALL);
    assertThat(head.method()).isEqualTo("POST");
    assertThat(head.path()).isEqualTo("/v1/chat/completions");
    assertThat(head.route()).isEqualTo("chat");
    assertThat(head.consumer()).as("bytes are UTF-8").isEqualTo("zoë");
    assertThat(head.clientIp()).isEqualTo("10.1.2.3");
    assertThat(head.conf()).isEqualTo("{\"mode\":\"enforce\"}");
    assertThat(head.headers())
        .containsOnly(
            Map.entry("host", "api.openai.com"),
            Map.entry("authorization", "Bearer sk-client"),
            Map.entry("content-encoding", "gzip"),
            Map.entry("x-llmtrace-flag", "forged"));
  }

  @Test
  void a_dash_is_nothing() {
    CalloutHead head = CalloutHead.read(with("x-llmtrace-authorization", "-"));
    assertThat(head.headers()).doesNotContainKey("authorization");
    assertThat(CalloutHead.read(with("x-llmtrace-conf", "-")).conf()).isEmpty();
  }

  static List<String> fields() {
    return CalloutHead.FIELDS;
  }

  /** Else a client that sends it itself would be believed. */
  @ParameterizedTest
  @MethodSource("fields")
  void each_is_needed_once(String field) {
    assertThatThrownBy(
            () ->
                CalloutHead.read(
                    ALL.stream().filter(header -> !header.getKey().equals(field)).toList()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(field + ": expected this header");
    List<Map.Entry<String, String>> twice = new ArrayList<>(ALL);
    twice.add(Map.entry(field, "-"));
    assertThatThrownBy(() -> CalloutHead.read(twice))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(field + ": expected once");
  }

  @Test
  void a_method_that_is_none_is_refused() {
    assertThatThrownBy(() -> CalloutHead.read(with("x-llmtrace-method", "-")))
        .hasMessage("x-llmtrace-method: expected a method such as POST");
    assertThatThrownBy(() -> CalloutHead.read(with("x-llmtrace-consumer", "c".repeat(257))))
        .hasMessage("x-llmtrace-consumer: expected at most 256 characters");
  }

  private static List<Map.Entry<String, String>> with(String name, String value) {
    return ALL.stream()
        .map(header -> header.getKey().equals(name) ? Map.entry(name, value) : header)
        .toList();
  }
}
