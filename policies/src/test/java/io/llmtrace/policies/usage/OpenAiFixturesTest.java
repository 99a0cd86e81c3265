package io.llmtrace.policies.usage;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.ExchangeReader;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.json.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Against counts of two other implementations, see {@code training/tokens/openai.mjs}. */
class OpenAiFixturesTest {
  @Test
  void texts_have_exactly_the_tokens_that_the_reference_counts() throws Exception {
    List<JsonNode> fixtures = TokenFixtures.lines("openai.jsonl");
    for (JsonNode fixture : fixtures) {
      assertThat(count("gpt-4o-mini", fixture))
          .as("o200k of " + fixture.path("id").asText())
          .isEqualTo(new TokenCount(fixture.path("o200k").asLong(), UsageSource.COUNTED));
      assertThat(count("gpt-4-turbo", fixture))
          .as("cl100k of " + fixture.path("id").asText())
          .isEqualTo(new TokenCount(fixture.path("cl100k").asLong(), UsageSource.COUNTED));
    }
    assertThat(fixtures).hasSizeGreaterThan(200);
    System.out.println("OpenAI: " + fixtures.size() + " texts, each exact in both encodings");
  }

  @Test
  void chats_have_exactly_the_tokens_that_the_reference_counts() throws Exception {
    List<JsonNode> fixtures = TokenFixtures.lines("openai-chat.jsonl");
    for (JsonNode fixture : fixtures) {
      byte[] body =
          WireJson.mapper()
              .writeValueAsString(
                  Map.of("model", fixture.path("model"), "messages", fixture.path("messages")))
              .getBytes(StandardCharsets.UTF_8);
      RequestContent request =
          new RequestContent(
              "POST", "/v1/chat/completions", Map.of("content-type", "application/json"), body);
      assertThat(
              PromptTokens.of(
                  ExchangeReader.read(request, Dialect.OPENAI_CHAT), InspectionBudget.unlimited()))
          .as(fixture.toString())
          .isEqualTo(new TokenCount(fixture.path("tokens").asLong(), UsageSource.COUNTED));
    }
    System.out.println("OpenAI: " + fixtures.size() + " chats, each exact");
  }

  private static TokenCount count(String model, JsonNode fixture) {
    return TokenCounter.of("openai", model)
        .count(fixture.path("text").asText(), InspectionBudget.unlimited());
  }
}
