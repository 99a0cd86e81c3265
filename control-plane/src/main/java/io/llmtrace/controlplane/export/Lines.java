package io.llmtrace.controlplane.export;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes items, one a line. Not thread-safe. */
public final class Lines {
  private static final ObjectWriter JSON =
      WireJson.mapper()
          .writerFor(JsonNode.class)
          .without(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
          .without(com.fasterxml.jackson.databind.SerializationFeature.FLUSH_AFTER_WRITE_VALUE);

  private final OutputStream out;
  private final List<String> pointers;
  private final @Nullable Csv csv;

  private Lines(OutputStream out, List<Column> columns, @Nullable Csv csv) {
    this.out = out;
    this.pointers = columns.stream().map(Column::pointer).toList();
    this.csv = csv;
  }

  /**
   * A column of CSV.
   *
   * @param pointer JSON pointer of its value in an item
   */
  public record Column(String name, String pointer) {
    public static Column of(String name) {
      return new Column(name, "/" + name);
    }
  }

  static Lines of(Format format, List<Column> columns, OutputStream out) throws IOException {
    return new Lines(
        out,
        columns,
        format == Format.CSV ? new Csv(out, columns.stream().map(Column::name).toList()) : null);
  }

  public void write(ObjectNode item) throws IOException {
    if (csv == null) {
      JSON.writeValue(out, item);
      out.write('\n');
    } else {
      List<JsonNode> values = new ArrayList<>(pointers.size());
      pointers.forEach(pointer -> values.add(item.at(pointer)));
      csv.line(values);
    }
  }

  void flush() throws IOException {
    if (csv != null) {
      csv.flush();
    }
    out.flush();
  }
}
