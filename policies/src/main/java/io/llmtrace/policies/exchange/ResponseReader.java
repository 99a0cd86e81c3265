package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a provider's answer says of itself, from JSON or from the text of an event stream.
 * OpenAI's and Anthropic's fields do not clash, so the answer is read by what is in it: the tap
 * sees a log line and not always the request's dialect. Stateless.
 */
public final class ResponseReader {
  private ResponseReader() {}

  /**
   * Reads an answer; never fails, what cannot be read is absent.
   *
   * @param dialect the request's dialect, or null where it is not known
   * @param body the answer's text, possibly cut by the logger
   * @param status HTTP status of the answer
   */
  public static ResponseSummary read(@Nullable Dialect dialect, String body, int status) {
    Summary summary = new Summary();
    boolean stream = ProviderText.isEventStream(body);
    if (stream) {
      ProviderText.events(body).forEach(summary::event);
      summary.truncated = !summary.ended;
    } else if (!body.isBlank()) {
      JsonNode root = ProviderText.json(body);
      summary.truncated = root.isMissingNode() && ProviderText.looksLikeJson(body);
      summary.message(root);
    }
    String error = error(status, summary.failed, stream && !summary.ended);
    return new ResponseSummary(
        summary.model, summary.usage(), summary.finishReason, error, summary.truncated);
  }

  private static @Nullable String error(int status, boolean failed, boolean broken) {
    if (status == 429) {
      return "rate_limited";
    }
    if (status >= 500) {
      return "http_5xx";
    }
    if (status >= 400) {
      return "http_4xx";
    }
    if (failed) {
      return "provider_error";
    }
    return broken ? "broken_stream" : null;
  }

  /** Gathers over the events of a stream; a plain answer is a stream of one. */
  private static final class Summary {
    @Nullable String model;
    @Nullable String finishReason;
    boolean failed;
    boolean ended;
    boolean truncated;
    private long prompt = -1;
    private long completion = -1;

    void event(String data) {
      if (data.equals("[DONE]")) {
        ended = true;
        return;
      }
      JsonNode event = ProviderText.json(data);
      if (event.path("type").asText().equals("message_stop")) {
        ended = true;
      }
      message(event);
      // Anthropic: message_start carries the message, message_delta the end of it.
      message(event.path("message"));
      finish(event.path("delta").path("stop_reason"));
    }

    void message(JsonNode node) {
      if (node.path("model").isTextual()) {
        model = node.path("model").asText();
      }
      finish(node.path("choices").path(0).path("finish_reason"));
      finish(node.path("stop_reason"));
      if (node.path("error").isObject() || node.path("type").asText().equals("error")) {
        failed = true;
      }
      usage(node.path("usage"));
    }

    private void finish(JsonNode reason) {
      if (reason.isTextual()) {
        finishReason = reason.asText();
      }
    }

    private void usage(JsonNode usage) {
      if (usage.path("prompt_tokens").isIntegralNumber()) {
        prompt = usage.path("prompt_tokens").asLong();
      }
      if (usage.path("completion_tokens").isIntegralNumber()) {
        completion = usage.path("completion_tokens").asLong();
      }
      if (usage.path("input_tokens").isIntegralNumber()) {
        // Anthropic counts cached tokens beside the others; we count what the model was given.
        prompt =
            usage.path("input_tokens").asLong()
                + usage.path("cache_creation_input_tokens").asLong()
                + usage.path("cache_read_input_tokens").asLong();
      }
      if (usage.path("output_tokens").isIntegralNumber()) {
        completion = usage.path("output_tokens").asLong();
      }
    }

    @Nullable Usage usage() {
      return prompt < 0 && completion < 0
          ? null
          : new Usage(Math.max(0, prompt), Math.max(0, completion));
    }
  }
}
