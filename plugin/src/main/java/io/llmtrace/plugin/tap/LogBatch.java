package io.llmtrace.plugin.tap;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.json.BoundedJson;
import io.llmtrace.policies.json.HeavyJsonException;
import io.llmtrace.policies.json.TreeWeight;
import java.io.ByteArrayOutputStream;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A delivery of {@code http-logger} as JSON. The gateway's encoder (lua-cjson) escapes control
 * characters and writes every other byte as it is, so that an answer that is no text, such as the
 * frames that Amazon streams, makes the delivery no UTF-8. It is then read byte for byte: what is
 * UTF-8 becomes text, and of anything else each byte stays one character, so that nothing is lost.
 */
final class LogBatch {
  private static final Logger log = LoggerFactory.getLogger(LogBatch.class);

  private LogBatch() {}

  /**
   * Reads a delivery: an entry or a list of them.
   *
   * @throws IllegalArgumentException if it is none
   */
  static JsonNode parse(byte[] body) throws IOException {
    try {
      JsonNode root = tree(body);
      if (root.isContainerNode() && !root.isEmpty()) {
        return root;
      }
    } catch (HeavyJsonException e) {
      throw new IllegalArgumentException(
          "expected log entries of fewer parts: " + e.getMessage(), e);
    } catch (JsonProcessingException e) {
      // Without its source: that is a client's traffic, and the message is shown and logged.
      throw new IllegalArgumentException("expected JSON log entries: " + e.getOriginalMessage(), e);
    }
    throw new IllegalArgumentException("expected a log entry or an array of them");
  }

  private static JsonNode tree(byte[] body) throws IOException {
    TreeWeight weight = new TreeWeight(BodyMemory.UNCOUNTED);
    try {
      return BoundedJson.tree(body, weight);
    } catch (CharConversionException | JsonProcessingException e) {
      log.debug("log entries that are no UTF-8 are read byte for byte", e);
      return decoded(BoundedJson.tree(new String(body, StandardCharsets.ISO_8859_1), weight));
    }
  }

  /** Depth is bounded by the reader of the tree. */
  private static JsonNode decoded(JsonNode node) {
    if (node.isTextual()) {
      return TextNode.valueOf(text(node.asText()));
    }
    if (node instanceof ObjectNode object) {
      object.properties().forEach(field -> field.setValue(decoded(field.getValue())));
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        array.set(i, decoded(array.get(i)));
      }
    }
    return node;
  }

  private static String text(String bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw(bytes))).toString();
    } catch (CharacterCodingException e) {
      // No text, which is no error: its reader knows what it is.
      return bytes;
    }
  }

  /** One byte a character, but for those that only an escape can have named. */
  private static byte[] raw(String text) {
    if (text.chars().allMatch(c -> c <= 0xFF)) {
      return text.getBytes(StandardCharsets.ISO_8859_1);
    }
    ByteArrayOutputStream raw = new ByteArrayOutputStream(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (c <= 0xFF) {
                raw.write(c);
              } else {
                raw.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
              }
            });
    return raw.toByteArray();
  }
}
