package io.llmtrace.cli.bench;

import com.fasterxml.jackson.core.type.TypeReference;
import io.llmtrace.policies.json.WireJson;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/**
 * What rows of the labelled data say, written by us for the scorecard: their texts belong to
 * others. Ids of other data name nothing here.
 */
final class Retold {
  private static final String FILE = "retold.json";

  private Retold() {}

  /**
   * Sentences by the id of the row.
   *
   * @throws IOException if the resource is missing or no map of texts
   */
  static Map<String, String> read() throws IOException {
    try (InputStream in = Retold.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new FileNotFoundException(FILE);
      }
      return WireJson.mapper().readValue(in, new TypeReference<Map<String, String>>() {});
    }
  }
}
