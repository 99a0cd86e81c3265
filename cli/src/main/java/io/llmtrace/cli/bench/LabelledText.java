package io.llmtrace.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.WireJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A row of a labelled corpus: {@code {id, text, label: attack|benign, category, zone, lang, source,
 * split_kind, technique?}}.
 *
 * @param split {@code unseen_source}, {@code seen_source}, {@code train} or empty
 * @param technique how the text was encoded or embedded; empty for one that stands as written
 */
record LabelledText(
    String id,
    String text,
    boolean attack,
    String category,
    Zone zone,
    String lang,
    String source,
    String split,
    String technique) {

  /** Ways to put a text into another that are no encoding. */
  private static final Set<String> NO_ENCODING = Set.of("", "embed", "wrapped", "chat_template");

  /** Benign categories on which a guard most easily cries wolf. */
  private static final Set<String> HARD = Set.of("security_talk", "code", "roleplay", "document");

  boolean encoded() {
    return !NO_ENCODING.contains(technique);
  }

  boolean hardBenign() {
    return !attack && HARD.contains(category) && !encoded();
  }

  boolean indirect() {
    return attack && (zone == Zone.DOCUMENT || zone == Zone.TOOL_RESULT);
  }

  String length() {
    int characters = text.length();
    return characters <= 200
        ? "up to 200"
        : characters <= 1000
            ? "201 to 1,000"
            : characters <= 4000 ? "1,001 to 4,000" : "over 4,000";
  }

  /**
   * Reads a file of rows.
   *
   * @throws IOException naming the line that is no row
   */
  static List<LabelledText> read(Path file) throws IOException {
    List<LabelledText> rows = new ArrayList<>();
    try (BufferedReader in = Files.newBufferedReader(file)) {
      int number = 0;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        number++;
        if (!line.isBlank()) {
          rows.add(row(line, file + ":" + number));
        }
      }
    }
    if (rows.isEmpty()) {
      throw new IOException(file + ": no rows");
    }
    return rows;
  }

  private static LabelledText row(String line, String where) throws IOException {
    JsonNode row;
    try {
      row = WireJson.mapper().readTree(line);
    } catch (JsonProcessingException e) {
      throw new IOException(where + ": no JSON: " + e.getOriginalMessage(), e);
    }
    String label = row.path("label").asText();
    if (!row.path("text").isTextual() || !(label.equals("attack") || label.equals("benign"))) {
      throw new IOException(where + ": expected \"text\" and \"label\": attack or benign");
    }
    Zone zone;
    try {
      zone = Zone.of(row.path("zone").asText("user"));
    } catch (IllegalArgumentException e) {
      throw new IOException(where + ": " + e.getMessage(), e);
    }
    return new LabelledText(
        row.path("id").asText(),
        row.path("text").asText(),
        label.equals("attack"),
        row.path("category").asText("unknown"),
        zone,
        row.path("lang").asText("unknown"),
        row.path("source").asText("unknown"),
        row.path("split_kind").asText(""),
        row.path("technique").asText(""));
  }
}
