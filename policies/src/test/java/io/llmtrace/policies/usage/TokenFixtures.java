package io.llmtrace.policies.usage;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Texts written for the project, with counts that other implementations gave. */
final class TokenFixtures {
  private TokenFixtures() {}

  static List<JsonNode> lines(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(TokenFixtures.class.getResourceAsStream("/tokens/" + name), name)) {
      List<JsonNode> lines = new ArrayList<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1)) {
        if (!line.isEmpty()) {
          lines.add(WireJson.mapper().readTree(line));
        }
      }
      return lines;
    }
  }
}
