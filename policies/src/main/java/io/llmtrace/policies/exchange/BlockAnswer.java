package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * What a blocked client gets.
 *
 * @param status HTTP status
 * @param headers to set, beside those of identity
 * @param body bytes (UTF-8 where the content type is a text), not copied
 */
// Made for one answer and written out once: a copy would protect nothing.
@SuppressWarnings("ArrayRecordComponent")
public record BlockAnswer(int status, Map<String, String> headers, byte[] body) {
  static final String TYPE = "content-type";

  /** The status of a request that a limit stops. */
  static final int LIMITED = 429;

  private static final String SHOULD_RETRY = "x-should-retry";
  private static final String JSON = "application/json";

  public BlockAnswer {
    headers = Map.copyOf(headers);
  }

  /**
   * An error: clients of OpenAI and Anthropic heed {@code x-should-retry}, the others ignore it.
   */
  static BlockAnswer error(int status, ObjectNode body) {
    return error(status, Map.of(TYPE, JSON, SHOULD_RETRY, "false"), body);
  }

  static BlockAnswer error(int status, Map<String, String> headers, ObjectNode body) {
    return new BlockAnswer(status, headers, bytes(body));
  }

  BlockAnswer retrying(Limited limited) {
    Map<String, String> changed = new HashMap<>(headers);
    if (limited.retryAfterSeconds() > 0) {
      changed.put("retry-after", Integer.toString(limited.retryAfterSeconds()));
    }
    if (limited.passes()) {
      changed.remove(SHOULD_RETRY);
    } else {
      changed.put(SHOULD_RETRY, "false");
    }
    return new BlockAnswer(status, changed, body);
  }

  static BlockAnswer json(JsonNode body) {
    return new BlockAnswer(200, Map.of(TYPE, JSON), bytes(body));
  }

  /** A stream that is there at once. */
  static BlockAnswer stream(String contentType, byte[] body) {
    return new BlockAnswer(200, Map.of(TYPE, contentType, "cache-control", "no-cache"), body);
  }

  static BlockAnswer events(String text) {
    return stream("text/event-stream", text.getBytes(StandardCharsets.UTF_8));
  }

  /** Events without a name. */
  static BlockAnswer events(Iterable<? extends JsonNode> events) {
    StringBuilder out = new StringBuilder();
    events.forEach(event -> out.append("data: ").append(text(event)).append("\n\n"));
    return events(out.toString());
  }

  /** Events that are named as their {@code type} is. */
  static BlockAnswer typedEvents(Iterable<? extends JsonNode> events) {
    StringBuilder out = new StringBuilder();
    for (JsonNode event : events) {
      out.append("event: ").append(event.path("type").asText());
      out.append("\ndata: ").append(text(event)).append("\n\n");
    }
    return events(out.toString());
  }

  static BlockAnswer lines(Iterable<? extends JsonNode> lines) {
    StringBuilder out = new StringBuilder();
    lines.forEach(line -> out.append(text(line)).append('\n'));
    return stream("application/x-ndjson", out.toString().getBytes(StandardCharsets.UTF_8));
  }

  static ObjectNode object() {
    return WireJson.mapper().createObjectNode();
  }

  static JsonNode number(long value) {
    return WireJson.mapper().getNodeFactory().numberNode(value);
  }

  static byte[] bytes(JsonNode body) {
    return text(body).getBytes(StandardCharsets.UTF_8);
  }

  static String text(JsonNode body) {
    try {
      return WireJson.mapper().writeValueAsString(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of our own cannot be written", e);
    }
  }
}
