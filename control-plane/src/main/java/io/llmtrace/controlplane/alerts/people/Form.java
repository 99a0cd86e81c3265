package io.llmtrace.controlplane.alerts.people;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.llmtrace.controlplane.http.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.util.HashMap;
import java.util.Map;

/**
 * The fields of a form that a browser posts. Read by hand because who may post is known from the
 * form itself: until then nothing of any size is held.
 */
final class Form {
  /** A comment of a thousand characters, each of them escaped, and the rest. */
  static final int MOST_BYTES = 16 << 10;

  private final Map<String, String> fields;

  private Form(Map<String, String> fields) {
    this.fields = Map.copyOf(fields);
  }

  /**
   * Reads a form; of a field that comes twice the first one.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400 or 413
   */
  static Form read(InputStream in) throws IOException {
    byte[] sent = in.readNBytes(MOST_BYTES + 1);
    if (sent.length > MOST_BYTES) {
      throw Problem.of(413, "form: expected at most " + MOST_BYTES + " bytes");
    }
    Map<String, String> fields = new HashMap<>();
    for (String field : new String(sent, UTF_8).split("&", -1)) {
      int sign = field.indexOf('=');
      if (sign > 0) {
        fields.putIfAbsent(decoded(field.substring(0, sign)), decoded(field.substring(sign + 1)));
      }
    }
    return new Form(fields);
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, UTF_8);
    } catch (IllegalArgumentException e) {
      throw Problem.of(400, "form: expected fields as browsers escape them");
    }
  }

  /** Empty where it was not sent. */
  String get(String name) {
    return fields.getOrDefault(name, "");
  }
}
