package io.llmtrace.controlplane.query;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import org.jspecify.annotations.Nullable;

/** Stored JSON, read back. Stateless. */
public final class Rows {
  private Rows() {}

  /** A column of type {@code jsonb}; JSON's null where it is null. */
  public static JsonNode json(@Nullable String text) {
    try {
      return text == null ? JsonNodeFactory.instance.nullNode() : WireJson.mapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored row is no JSON", e);
    }
  }

  /** A record, which is an object. */
  public static ObjectNode object(String text) {
    return json(text) instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode();
  }
}
