package io.llmtrace.policies.redact;

import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Puts values back in the place of their placeholders, escaped for where they stand, also in JSON
 * inside a string of JSON. All other bytes stay as they are. For JSON documents alone: in a stream
 * a placeholder may lie across two events, and has gone out before it is known to be one.
 * Stateless.
 */
public final class Restorer {
  private Restorer() {}

  /** A replacement in a text. */
  private record Edit(int start, int end, String text) {}

  /**
   * Restores an answer.
   *
   * @param body without a content encoding; not changed
   * @param values what placeholders stand for; others are left
   * @return the new body; empty where there is nothing to restore, or the body is no JSON in UTF-8
   */
  public static Optional<byte[]> restore(byte[] body, Map<String, String> values) {
    String document;
    try {
      document = Redactor.utf8(body);
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
    if (values.isEmpty() || !JsonScan.isDocument(document)) {
      return Optional.empty();
    }
    List<Edit> edits = edits(Layer.document(document), values);
    if (edits.isEmpty()) {
      return Optional.empty();
    }
    StringBuilder out = new StringBuilder(document.length() + 32 * edits.size());
    int done = 0;
    for (Edit edit : edits) {
      out.append(document, done, edit.start).append(edit.text);
      done = edit.end;
    }
    return Optional.of(
        out.append(document, done, document.length()).toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Edits of the document, in order. */
  private static List<Edit> edits(Layer layer, Map<String, String> values) {
    String text = layer.text();
    List<Edit> edits = new ArrayList<>();
    if (layer.level() <= Layer.MOST_LEVELS && JsonScan.isDocument(text)) {
      JsonScan scan = new JsonScan(text);
      for (JsonScan.Token token = scan.next(); token != JsonScan.Token.END; token = scan.next()) {
        if ((token == JsonScan.Token.STRING || token == JsonScan.Token.NAME)
            && scan.from() < scan.to()) {
          Layer content = layer.inside(scan.from(), scan.to());
          if (content.text().indexOf('[') >= 0) {
            edits.addAll(edits(content, values));
          }
        }
      }
      return edits;
    }
    int at = text.indexOf('[');
    while (at >= 0) {
      int end = Placeholder.end(text, at);
      String value = end == 0 ? null : values.get(text.substring(at, end));
      if (value != null) {
        for (int i = 0; i < layer.level(); i++) {
          value = Escapes.escape(value);
        }
        edits.add(new Edit(layer.inDocument(at), layer.inDocument(end), value));
      }
      at = text.indexOf('[', at + 1);
    }
    return edits;
  }
}
