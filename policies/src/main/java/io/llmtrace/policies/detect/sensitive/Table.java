package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.Severity;
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

  /** The secret that the first cells of a row name: id, title, group, severity. */
  static SensitiveKind secret(List<String> cells, SensitiveKind.Context context, String check) {
    Severity severity = Severity.of(cells.get(3));
    return SensitiveKind.secret(cells.get(0), cells.get(1), cells.get(2), severity, context, check);
  }

  /** The forms in a cell, between blanks; none in an empty one. */
  static List<Shape> forms(String cell) {
    List<Shape> forms = new ArrayList<>();
    for (String form : cell.split(" +", -1)) {
      if (!form.isEmpty()) {
        forms.add(Shape.of(form));
      }
    }
    return forms;
  }
}
