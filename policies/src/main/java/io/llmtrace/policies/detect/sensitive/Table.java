package io.llmtrace.policies.detect.sensitive;

import java.util.ArrayList;
import java.util.List;

/**
 * Tables in text blocks: a row a line, cells between upright strokes. A line that begins with
 * {@code #} is a comment; one that begins with a full stop goes on with the last cell of the row
 * before.
 */
final class Table {
  private Table() {}

  static List<List<String>> rows(String table) {
    List<List<String>> rows = new ArrayList<>();
    for (String line : table.replaceAll("\\n +\\.", "").strip().split("\n", -1)) {
      if (!line.startsWith("#")) {
        rows.add(List.of(line.strip().split(" *\\| *", -1)));
      }
    }
    return rows;
  }
}
