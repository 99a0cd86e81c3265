package io.llmtrace.controlplane.export;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SequenceWriter;
import com.fasterxml.jackson.dataformat.csv.CsvGenerator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/** Lines of CSV. Not thread-safe. */
final class Csv {
  private static final ObjectWriter WRITER =
      new CsvMapper()
          .configure(CsvGenerator.Feature.ALWAYS_QUOTE_STRINGS, true)
          .writerFor(List.class)
          .with(CsvMapper.builder().build().schema().withLineSeparator("\r\n"))
          .without(JsonGenerator.Feature.AUTO_CLOSE_TARGET);

  private final SequenceWriter lines;

  Csv(OutputStream out, List<String> header) throws IOException {
    this.lines = WRITER.writeValues(out);
    lines.write(header);
  }

  void line(List<JsonNode> values) throws IOException {
    List<Object> cells = new ArrayList<>(values.size());
    for (JsonNode value : values) {
      cells.add(value.isNumber() ? value.numberValue() : cell(value));
    }
    lines.write(cells);
  }

  void flush() throws IOException {
    lines.flush();
  }

  private static String cell(JsonNode value) {
    if (value.isNull() || value.isMissingNode()) {
      return "";
    }
    return safe(value.isValueNode() ? value.asText() : value.toString());
  }

  /**
   * Text that a spreadsheet takes as text: what would begin a formula gets an apostrophe before it,
   * and so does what a spreadsheet trims to one.
   */
  static String safe(String text) {
    String seen = text.stripLeading();
    boolean formula =
        !seen.isEmpty() && "=+-@\uff1d\uff0b\uff0d\uff20".indexOf(seen.charAt(0)) >= 0;
    boolean control = !text.isEmpty() && text.charAt(0) < ' ';
    return formula || control ? "'" + text : text;
  }
}
