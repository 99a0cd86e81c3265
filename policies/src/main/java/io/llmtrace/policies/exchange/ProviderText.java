package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.json.BoundedJson;
import io.llmtrace.policies.json.HeavyJsonException;
import io.llmtrace.policies.json.TreeWeight;
import java.io.IOException;
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

  /** A cut or foreign text is missing; for one that is short. */
  static JsonNode json(String text) {
    return json(text, new TreeWeight(BodyMemory.UNCOUNTED));
  }

  /** A cut or foreign answer is missing, and one whose tree would take too much memory. */
  static JsonNode json(String text, TreeWeight weight) {
    try {
      return BoundedJson.tree(text, weight);
    } catch (IOException e) {
      return MissingNode.getInstance();
    }
  }

  /** The same, and of a cut answer what there is of it. */
  static JsonNode jsonSoFar(String text, TreeWeight weight) {
    try {
      return BoundedJson.tree(text, weight);
    } catch (HeavyJsonException e) {
      return MissingNode.getInstance();
    } catch (IOException e) {
      return looksLikeJson(text) ? json(CutJson.close(text), weight) : MissingNode.getInstance();
    }
  }
}
