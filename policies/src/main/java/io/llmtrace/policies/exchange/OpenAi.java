package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;

/** What OpenAI's APIs have in common. */
final class OpenAi {
  private static final Set<String> TEXT = Set.of("text");
  private static final Set<String> REFUSAL = Set.of("refusal");
  private static final String AZURE = "azure_openai";
  private static final String QUOTA = "insufficient_quota";

  private OpenAi() {}

  /** The model; Azure names it in the path, as the deployment. */
  static String model(JsonNode body, RequestHead head) {
    String named = body.path("model").asText("");
    if (!named.isEmpty()) {
      return named;
    }
    String deployment = head.between("/openai/deployments/", "/");
    int end = deployment.indexOf('/');
    return end < 0 ? deployment : deployment.substring(0, end);
  }

  static String provider(RequestHead head) {
    return head.path().contains("/openai/deployments/")
            || head.host().endsWith(".openai.azure.com")
            || (head.headers().containsKey("api-key") && head.header("authorization").isEmpty())
        ? AZURE
        : "";
  }

  /** A part of a content, of a request as well as of an answer. */
  static void part(JsonNode part, Zone zone, String role, String at, SegmentCollector out) {
    switch (part.path("type").asText()) {
      case "text", "input_text", "output_text", "summary_text", "reasoning_text" -> {
        out.everyString(zone, role, at + "/text", part.path("text"));
        out.rest(part, TEXT, zone, role, at);
      }
      case "refusal" -> {
        out.everyString(zone, role, at + "/refusal", part.path("refusal"));
        out.rest(part, REFUSAL, zone, role, at);
      }
      case "image_url",
          "input_audio",
          "audio_url",
          "video_url",
          "file",
          "input_image",
          "input_file",
          "computer_screenshot",
          "document_url" ->
          out.uninspected(zone, role, at, part);
      default -> out.everyString(zone, role, at, part);
    }
  }

  /**
   * What OpenAI's clients raise as {@code RateLimitError}, by the status; type and code are those
   * of the API: {@code requests} or {@code tokens} with {@code rate_limit_exceeded}, and {@code
   * insufficient_quota} for both where money has run out.
   */
  static BlockAnswer limited(Limited limited) {
    boolean quota = limited.what() == Limited.What.QUOTA;
    var body = BlockAnswer.object();
    body.putObject("error")
        .put("message", limited.message())
        .put("type", quota ? QUOTA : limited.what() == Limited.What.TOKENS ? "tokens" : "requests")
        .putNull("param")
        .put("code", quota ? QUOTA : "rate_limit_exceeded");
    return BlockAnswer.error(BlockAnswer.LIMITED, body);
  }

  /**
   * The error that OpenAI's clients raise as {@code BadRequestError} or {@code
   * PermissionDeniedError}; they heed {@code x-should-retry} before they look at the status
   * (openai-python {@code _base_client.py}, {@code _should_retry}).
   */
  static BlockAnswer error(int status, BlockNotice notice) {
    var body = BlockAnswer.object();
    body.putObject("error")
        .put("message", notice.message())
        .put("type", "invalid_request_error")
        .putNull("param")
        .put("code", "content_filter");
    return BlockAnswer.error(status, body);
  }
}
