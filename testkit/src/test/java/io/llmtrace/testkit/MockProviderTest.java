package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.testkit.provider.MockProvider;
import io.llmtrace.testkit.provider.Pacing;
import io.llmtrace.testkit.provider.UsageBlocks;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The stand-in answers as the providers do, well and badly. */
@Timeout(60)
class MockProviderTest {
  private static final String OPEN_AI = "/v1/chat/completions";
  private static final String ANTHROPIC = "/v1/messages";
  private static final ObjectMapper JSON = new ObjectMapper();
  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void aWholeAnswerHasItsTextAndItsUsage() throws Exception {
    try (MockProvider provider = MockProvider.start()) {
      JsonNode openAi = JSON.readTree(post(provider, OPEN_AI, "m", false, "").body());
      assertThat(openAi.at("/choices/0/message/content").asText()).startsWith("Hello");
      assertThat(openAi.at("/usage/total_tokens").asInt()).isEqualTo(14);
      JsonNode anthropic = JSON.readTree(post(provider, ANTHROPIC, "m", false, "").body());
      assertThat(anthropic.at("/content/0/text").asText()).startsWith("Hello");
      assertThat(anthropic.at("/usage/output_tokens").asInt()).isEqualTo(5);
      assertThat(anthropic.at("/stop_reason").asText()).isEqualTo("end_turn");
    }
  }

  @Test
  void byDefaultAStreamHasItsUsageWithTheFinishReason() throws Exception {
    try (MockProvider provider = MockProvider.start()) {
      List<JsonNode> chunks = data(post(provider, OPEN_AI, "m", true, "").body());
      JsonNode last = chunks.get(chunks.size() - 1);
      assertThat(last.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
      assertThat(last.at("/usage/completion_tokens").asInt()).isEqualTo(5);
    }
  }

  @Test
  void asOpenAiDoesAStreamHasItsUsageOnlyWhenAskedAndThenInAChunkOfItsOwn() throws Exception {
    try (MockProvider provider = MockProvider.start(Pacing.FAST, UsageBlocks.WHEN_ASKED)) {
      assertThat(post(provider, OPEN_AI, "m", true, "").body()).doesNotContain("usage");
      String asked = ",\"stream_options\":{\"include_usage\":true}";
      List<JsonNode> chunks = data(post(provider, OPEN_AI, "m", true, asked).body());
      JsonNode last = chunks.get(chunks.size() - 1);
      assertThat(last.path("choices")).isEmpty();
      assertThat(last.at("/usage/completion_tokens").asInt()).isEqualTo(5);
      assertThat(chunks.get(0).path("usage").isNull()).isTrue();
    }
  }

  @Test
  void anAnthropicStreamHasItsEventsInOrder() throws Exception {
    try (MockProvider provider = MockProvider.start()) {
      String body = post(provider, ANTHROPIC, "m", true, "").body();
      List<String> events =
          body.lines().filter(l -> l.startsWith("event: ")).map(l -> l.substring(7)).toList();
      assertThat(events)
          .startsWith("message_start", "content_block_start", "ping", "content_block_delta")
          .endsWith("content_block_stop", "message_delta", "message_stop");
      assertThat(body).contains("\"input_tokens\":9").contains("\"output_tokens\":5");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions, 400, invalid_request_error",
    "/v1/chat/completions, 401, invalid_request_error",
    "/v1/chat/completions, 429, requests",
    "/v1/chat/completions, 500, server_error",
    "/v1/messages, 401, authentication_error",
    "/v1/messages, 429, rate_limit_error",
    "/v1/messages, 500, api_error",
    "/v1/messages, 529, overloaded_error",
  })
  void errorsHaveTheProvidersBody(String path, int status, String type) throws Exception {
    try (MockProvider provider = MockProvider.start()) {
      HttpResponse<String> answer = post(provider, path, "error-" + status, false, "");
      assertThat(answer.statusCode()).isEqualTo(status);
      JsonNode error = JSON.readTree(answer.body()).path("error");
      assertThat(error.path("type").asText()).isEqualTo(type);
      assertThat(error.path("message").asText()).isNotEmpty();
      assertThat(answer.headers().firstValue("retry-after").isPresent())
          .isEqualTo(status == 429 || status == 529);
    }
  }

  @Test
  void brokenJsonIsAWholeAnswerThatDoesNotParse() throws Exception {
    try (MockProvider provider = MockProvider.start()) {
      HttpResponse<String> answer = post(provider, OPEN_AI, "broken-json", false, "");
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThatThrownBy(() -> JSON.readTree(answer.body())).isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({"reset, false", "reset, true", "broken-stream, true"})
  void anAnswerThatBreaksOffIsAnErrorForWhoeverReads(String model, boolean stream)
      throws Exception {
    try (MockProvider provider = MockProvider.start()) {
      assertThatThrownBy(() -> post(provider, OPEN_AI, model, stream, ""))
          .isInstanceOf(IOException.class);
      assertThat(provider.requests()).isEqualTo(1);
    }
  }

  @Test
  void aPacedStreamTakesItsTime() throws Exception {
    Pacing pacing = new Pacing(Duration.ofMillis(300), 20, 0.5, 7);
    try (MockProvider provider = MockProvider.start(pacing, UsageBlocks.ALWAYS)) {
      long start = System.nanoTime();
      post(provider, OPEN_AI, "m", true, "");
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .as("the first token and four shortest pauses")
          .isGreaterThan(Duration.ofMillis(300 + 4 * 25));
    }
  }

  @Test
  void aPacingThatMakesNoSenseIsRefused() {
    assertThatThrownBy(() -> new Pacing(Duration.ZERO, 0, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("positive speed");
    assertThatThrownBy(() -> new Pacing(Duration.ZERO, 1, 1.5, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private HttpResponse<String> post(
      MockProvider provider, String path, String model, boolean stream, String more)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + provider.port() + path))
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\":\"%s\",\"stream\":%s,\"messages\":[]%s}"
                        .formatted(model, stream, more)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** The JSON of the data lines. */
  private static List<JsonNode> data(String body) throws IOException {
    List<JsonNode> out = new ArrayList<>();
    for (String line : body.lines().toList()) {
      if (line.startsWith("data: {")) {
        out.add(JSON.readTree(line.substring(6)));
      }
    }
    return out;
  }
}
