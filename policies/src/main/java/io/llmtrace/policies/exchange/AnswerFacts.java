package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What an answer says of itself, gathered over its events; a whole answer is a single one. */
final class AnswerFacts {
  private static final Set<String> REFUSALS =
      Set.of(
          "content_filter",
          "content_filtered",
          "guardrail_intervened",
          "refusal",
          "safety",
          "blocklist",
          "prohibited_content",
          "spii",
          "recitation",
          "image_safety",
          "error_toxic");

  @Nullable String model;
  @Nullable String finishReason;
  boolean refused;
  boolean failed;
  boolean ended;
  private long prompt = -1;
  private long completion = -1;
  private long cached;
  private long cacheWrite;
  private long reasoning;

  /** The fields that most APIs share: model, error, and token counts in any of their names. */
  void common(JsonNode answer) {
    model(answer.path("model"));
    error(answer.path("error"));
    usage(answer.path("usage"));
    failed |= answer.path("type").asText().equals("error");
  }

  void model(JsonNode name) {
    if (name.isTextual() && !name.asText().isEmpty()) {
      model = name.asText();
    }
  }

  void error(JsonNode error) {
    if (error.isObject() || (error.isTextual() && !error.asText().isEmpty())) {
      failed = true;
      refused |= error.path("code").asText().equals("content_filter");
    }
  }

  /** The first reason counts: of several choices one ends first, and the rest mostly likewise. */
  void finish(JsonNode reason) {
    if (reason.isTextual() && !reason.asText().isEmpty()) {
      finishReason = finishReason == null ? reason.asText() : finishReason;
      refused |= REFUSALS.contains(reason.asText().toLowerCase(Locale.ROOT));
    }
  }

  void refusal(JsonNode text) {
    refused |= text.isTextual() && !text.asText().isEmpty();
  }

  /** Token counts in the names of OpenAI and of Anthropic, which do not clash. */
  void usage(JsonNode usage) {
    prompt(usage.path("prompt_tokens"));
    completion(usage.path("completion_tokens"));
    completion(usage.path("output_tokens"));
    JsonNode input = usage.path("input_tokens");
    if (usage.has("cache_read_input_tokens") || usage.has("cache_creation_input_tokens")) {
      cachedBeside(
          input, usage.path("cache_read_input_tokens"), usage.path("cache_creation_input_tokens"));
    } else {
      prompt(input);
    }
    details(usage.path("prompt_tokens_details"), usage.path("completion_tokens_details"));
    details(usage.path("input_tokens_details"), usage.path("output_tokens_details"));
    // DeepSeek's own name for the same.
    cached(usage.path("prompt_cache_hit_tokens"));
  }

  /** Anthropic and Bedrock count cached tokens beside the others; we count what was given. */
  void cachedBeside(JsonNode input, JsonNode read, JsonNode written) {
    if (count(input, -1) >= 0) {
      cached = count(read, 0);
      cacheWrite = count(written, 0);
      prompt = count(input, 0) + cached + cacheWrite;
    }
  }

  private void details(JsonNode input, JsonNode output) {
    cached(input.path("cached_tokens"));
    reasoning(output.path("reasoning_tokens"));
  }

  void prompt(JsonNode tokens) {
    prompt = count(tokens, prompt);
  }

  void completion(JsonNode tokens) {
    completion = count(tokens, completion);
  }

  void cached(JsonNode tokens) {
    cached = count(tokens, cached);
  }

  void cacheWrite(JsonNode tokens) {
    cacheWrite = count(tokens, cacheWrite);
  }

  void reasoning(JsonNode tokens) {
    reasoning = count(tokens, reasoning);
  }

  /** Two counts that make up the prompt; what is no number counts nothing. */
  void prompt(JsonNode some, JsonNode others) {
    prompt = sum(some, others, prompt);
  }

  void completion(JsonNode some, JsonNode others) {
    completion = sum(some, others, completion);
  }

  private static long sum(JsonNode some, JsonNode others, long before) {
    long first = count(some, -1);
    long second = count(others, -1);
    return first < 0 && second < 0 ? before : Math.max(0, first) + Math.max(0, second);
  }

  private static long count(JsonNode tokens, long before) {
    return tokens.isIntegralNumber() && tokens.canConvertToLong() && tokens.asLong() >= 0
        ? tokens.asLong()
        : before;
  }

  @Nullable Usage usage() {
    return prompt < 0 && completion < 0
        ? null
        : new Usage(Math.max(0, prompt), Math.max(0, completion), cached, cacheWrite, reasoning);
  }
}
