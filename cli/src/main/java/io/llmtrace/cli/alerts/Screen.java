package io.llmtrace.cli.alerts;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.llmtrace.policies.json.WireJson;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Prints answers. Labels and comments are other people's texts: nothing of them moves the cursor,
 * changes colours or turns the direction of text. Not thread-safe.
 */
final class Screen {
  private static final ObjectWriter JSON =
      WireJson.mapper().writerWithDefaultPrettyPrinter().with(JsonWriteFeature.ESCAPE_NON_ASCII);
  private static final String GAP = "  ";

  private final PrintWriter out;

  Screen(PrintWriter out) {
    this.out = out;
  }

  /** As it is, in ASCII. */
  void json(JsonNode answer) {
    try {
      out.println(JSON.writeValueAsString(answer));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what was read as JSON can be written", e);
    }
  }

  void line(String text) {
    out.println(plain(text));
  }

  /** Columns as wide as their widest cell; says {@code none} of no rows. */
  void table(List<String> head, List<List<String>> rows) {
    if (rows.isEmpty()) {
      out.println("none");
      return;
    }
    List<List<String>> all = new ArrayList<>();
    all.add(head);
    rows.forEach(row -> all.add(row.stream().map(Screen::plain).toList()));
    int[] widths = new int[head.size()];
    for (List<String> row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : all) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length())).append(GAP);
      }
      out.println(line.toString().stripTrailing());
    }
  }

  /** A name and a value; nothing where there is no value. */
  void field(String name, String value) {
    if (!value.isEmpty()) {
      out.println(name + " ".repeat(Math.max(1, 14 - name.length())) + plain(value));
    }
  }

  /** Without control characters, signs of direction and halves of pairs. */
  static String plain(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              int type = Character.getType(c);
              boolean odd =
                  type == Character.CONTROL
                      || type == Character.FORMAT
                      || type == Character.SURROGATE
                      || type == Character.LINE_SEPARATOR
                      || type == Character.PARAGRAPH_SEPARATOR;
              plain.appendCodePoint(odd ? ' ' : c);
            });
    return plain.toString();
  }

  /** A text of the answer; empty where there is none. */
  static String text(JsonNode of, String name) {
    return of.path(name).asText("");
  }

  /** A time in milliseconds, in UTC to the second; empty where there is none. */
  static String time(JsonNode of, String name) {
    JsonNode millis = of.path(name);
    return millis.isNumber()
        ? Instant.ofEpochSecond(Math.floorDiv(millis.asLong(), 1_000)).toString()
        : "";
  }
}
