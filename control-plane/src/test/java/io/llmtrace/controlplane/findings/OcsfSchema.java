package io.llmtrace.controlplane.findings;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What OCSF 1.3.0 asks of an event. Stateless. */
public final class OcsfSchema {
  private OcsfSchema() {}

  /** Of a Detection Finding. */
  public static JsonNode detectionFinding() throws Exception {
    try (InputStream in = OcsfSchema.class.getResourceAsStream("/ocsf-detection-finding.json")) {
      return WireJson.mapper().readTree(in);
    }
  }

  /** What is wrong with a value, by the part of JSON Schema that the file uses. */
  public static List<String> problems(JsonNode schema, JsonNode value, String at) {
    List<String> problems = new ArrayList<>();
    String type = schema.path("type").asText();
    boolean right =
        switch (type) {
          case "object" -> value.isObject();
          case "array" -> value.isArray();
          case "string" -> value.isTextual();
          case "integer" -> value.isIntegralNumber();
          default -> throw new IllegalArgumentException("type " + type);
        };
    if (!right) {
      return List.of(at + ": expected " + type);
    }
    for (JsonNode name : schema.path("required")) {
      if (!value.hasNonNull(name.asText())) {
        problems.add(at + "/" + name.asText() + ": required");
      }
    }
    if (schema.has("enum")) {
      boolean known = false;
      for (JsonNode each : schema.path("enum")) {
        known |= each.asText().equals(value.asText());
      }
      if (!known) {
        problems.add(at + ": expected one of " + schema.path("enum"));
      }
    }
    if (schema.has("minLength") && value.asText().length() < schema.path("minLength").asInt()) {
      problems.add(at + ": too short");
    }
    for (Map.Entry<String, JsonNode> each : schema.path("properties").properties()) {
      if (value.has(each.getKey())) {
        problems.addAll(
            problems(each.getValue(), value.get(each.getKey()), at + "/" + each.getKey()));
      }
    }
    if (schema.has("items")) {
      value.forEach(each -> problems.addAll(problems(schema.get("items"), each, at + "/-")));
    }
    return problems;
  }
}
