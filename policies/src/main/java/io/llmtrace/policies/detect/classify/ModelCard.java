package io.llmtrace.policies.detect.classify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the {@code config.json} of a Hugging Face export says of its outputs.
 *
 * @param names of the outputs in their order; empty where the file names none
 * @param multiLabel whether several labels may hold at once
 */
record ModelCard(List<String> names, boolean multiLabel) {
  private static final ObjectMapper JSON = new ObjectMapper();

  ModelCard {
    names = List.copyOf(names);
  }

  /**
   * Reads a card.
   *
   * @param json null for a model that has none
   * @throws ModelException if it is no JSON
   */
  static ModelCard read(String id, byte @Nullable [] json) throws ModelException {
    if (json == null) {
      return new ModelCard(List.of(), false);
    }
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (IOException e) {
      throw new ModelException(
          "model '" + id + "': its config.json is no JSON: " + e.getMessage(), e);
    }
    JsonNode byId = root.path("id2label");
    List<String> names = new ArrayList<>();
    while (byId.has(String.valueOf(names.size()))) {
      names.add(byId.path(String.valueOf(names.size())).asText());
    }
    boolean multiLabel = "multi_label_classification".equals(root.path("problem_type").asText());
    return new ModelCard(names, multiLabel);
  }
}
