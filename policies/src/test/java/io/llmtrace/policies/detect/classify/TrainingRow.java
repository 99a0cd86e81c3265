package io.llmtrace.policies.detect.classify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.policies.exchange.Zone;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A row of the corpus that models are trained on; see {@code policies/training/README.md}. */
record TrainingRow(
    String id,
    String text,
    boolean attack,
    String category,
    Zone zone,
    String lang,
    String source,
    String split,
    String technique,
    String hostSource) {

  static List<TrainingRow> read(Path jsonLines) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<TrainingRow> rows = new ArrayList<>();
    for (String line : Files.readAllLines(jsonLines, StandardCharsets.UTF_8)) {
      JsonNode row = json.readTree(line);
      rows.add(
          new TrainingRow(
              row.path("id").asText(),
              row.path("text").asText(),
              row.path("label").asText().equals("attack"),
              row.path("category").asText(),
              Zone.of(row.path("zone").asText()),
              row.path("lang").asText(),
              row.path("source").asText(),
              row.path("split_kind").asText(),
              row.path("technique").asText(""),
              row.path("host_source").asText("")));
    }
    return rows;
  }

  boolean embedded() {
    return !hostSource.isEmpty();
  }
}
