package io.llmtrace.controlplane.alerts.channels;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;

/** JSON of messages. */
final class Json {
  static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build();

  private static final int SMALLEST = 64;

  private Json() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  static byte[] bytes(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of clean texts is JSON", e);
    }
  }

  /**
   * The message with as much text as fits.
   *
   * @param message makes it with its longest texts divided by this number
   * @param size of a message, in what the service counts
   */
  static ObjectNode fitting(
      IntFunction<ObjectNode> message, ToIntFunction<ObjectNode> size, int max) {
    for (int divisor = 1; divisor <= SMALLEST; divisor *= 2) {
      ObjectNode made = message.apply(divisor);
      if (size.applyAsInt(made) <= max) {
        return made;
      }
    }
    throw new IllegalStateException("the shortest message has more than " + max);
  }
}
