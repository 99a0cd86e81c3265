package io.llmtrace.controlplane.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a reader asks a body for, as a JSON Schema. It is found out by letting the reader read, so
 * that no field is documented that is not read, and none read that is not documented. Not
 * thread-safe.
 */
public final class BodyShape {
  private final Map<String, ObjectNode> fields = new LinkedHashMap<>();
  private final Set<String> required = new LinkedHashSet<>();

  private BodyShape() {}

  /** The schema of bodies that a reader takes. */
  public static ObjectNode of(BodyFields reader) {
    BodyShape shape = new BodyShape();
    reader.read(JsonBody.describing(shape));
    return shape.schema();
  }

  private ObjectNode schema() {
    ObjectNode schema = JsonNodeFactory.instance.objectNode().put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    fields.forEach(
        (name, field) -> {
          if (!required.contains(name)) {
            // Null reads as absent.
            String type = field.path("type").asText();
            field.putArray("type").add(type).add("null");
            if (field.get("enum") instanceof ArrayNode choices) {
              choices.addNull();
            }
          }
          properties.set(name, field);
        });
    if (!required.isEmpty()) {
      required.forEach(schema.putArray("required")::add);
    }
    return schema.put("additionalProperties", false);
  }

  private ObjectNode field(String name, String type) {
    ObjectNode field = fields.computeIfAbsent(name, key -> JsonNodeFactory.instance.objectNode());
    return field.put("type", type);
  }

  void required(String name) {
    required.add(name);
  }

  void text(String name, String expected) {
    field(name, "string").put("description", expected);
  }

  void choice(String name, List<String> choices) {
    ObjectNode field = field(name, "string");
    field.remove("description");
    choices.forEach(field.putArray("enum")::add);
  }

  void moment(String name) {
    field(name, "string").put("format", "date-time");
  }

  void yesOrNo(String name) {
    field(name, "boolean");
  }

  void integer(String name, long least, long most) {
    field(name, "integer").put("minimum", least).put("maximum", most);
  }

  void decimal(String name, BigDecimal least, BigDecimal most) {
    field(name, "number").put("minimum", least).put("maximum", most);
  }

  void object(String name) {
    field(name, "object");
  }

  void set(String name, String expected, int most) {
    ObjectNode field = field(name, "array").put("uniqueItems", true).put("maxItems", most);
    field.putObject("items").put("type", "string").put("description", expected);
  }

  void integers(String name, int most, int least, int largest) {
    ObjectNode field = field(name, "array").put("uniqueItems", true).put("maxItems", most);
    field.putObject("items").put("type", "integer").put("minimum", least).put("maximum", largest);
  }
}
