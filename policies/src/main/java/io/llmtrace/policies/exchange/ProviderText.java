package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.llmtrace.policies.json.WireJson;
import java.util.stream.Stream;

/** The outer form of a provider's answer: an event stream, JSON, or neither. */
final class ProviderText {
  private ProviderText() {}

  static boolean isEventStream(String body) {
    return body.startsWith("data:") || body.startsWith("event:") || body.startsWith(":");
  }

  static boolean looksLikeJson(String body) {
    String text = body.stripLeading();
    return text.startsWith("{") || text.startsWith("[");
  }

  /** What stands behind {@code data:} in each line. */
  static Stream<String> events(String body) {
    return body.lines()
        .filter(line -> line.startsWith("data:"))
        .map(line -> line.substring("data:".length()).trim());
  }

  /** A cut or foreign answer is missing. */
  static JsonNode json(String text) {
    try {
      return WireJson.mapper().readTree(text);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  /** The same, and of a cut answer what there is of it. */
  static JsonNode jsonSoFar(String text) {
    JsonNode whole = json(text);
    return whole.isMissingNode() && looksLikeJson(text) ? json(CutJson.close(text)) : whole;
  }
}
