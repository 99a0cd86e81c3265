package io.llmtrace.plugin.telemetry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.io.IOException;

/**
 * JSON of one record, with its {@code kind}. Texts that clients and providers choose, such as the
 * name of a model or the place of a finding, are cut: the control plane refuses a record with an
 * endless text, and nobody shall be able to have one refused.
 */
final class RecordJson {
  // Said by type: the kind is written only where the declared type is the interface.
  private static final ObjectWriter WRITER = WireJson.mapper().writerFor(TelemetryRecord.class);

  private RecordJson() {}

  /** Of a text, characters; the control plane takes 8,192. */
  static final int LONGEST_TEXT = 4_096;

  static byte[] of(TelemetryRecord item) {
    try {
      byte[] json = WRITER.writeValueAsBytes(item);
      // Nearly all are shorter than one text may be.
      return json.length <= LONGEST_TEXT
          ? json
          : WireJson.mapper().writeValueAsBytes(cut(WireJson.mapper().readTree(json)));
    } catch (IOException e) {
      throw new IllegalStateException("a telemetry record has no JSON form", e);
    }
  }

  private static JsonNode cut(JsonNode node) {
    if (node.isTextual()) {
      return TextNode.valueOf(cut(node.asText()));
    }
    if (node instanceof ObjectNode object) {
      object.properties().forEach(field -> field.setValue(cut(field.getValue())));
    } else if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        array.set(i, cut(array.get(i)));
      }
    }
    return node;
  }

  private static String cut(String text) {
    if (text.length() <= LONGEST_TEXT) {
      return text;
    }
    int end = LONGEST_TEXT - 1;
    // Not between the halves of a character.
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + "…";
  }
}
