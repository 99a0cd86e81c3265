package io.llmtrace.runtime.logging;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.llmtrace.runtime.config.LoggingConfig;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a trace line shows of a body: its shape, or all of it where {@code logging.bodies} says
 * {@code full}. Until logging is set up, shapes. Thread-safe.
 */
public final class Bodies {
  /** Of a shape; an object with more is cut. */
  private static final int LONGEST_SHAPE = 16 << 10;

  private static final int DEEPEST = 64;

  /** Words of the APIs themselves, which say what a request is and nothing that somebody wrote. */
  private static final Set<String> STRUCTURE =
      Set.of("model", "role", "type", "object", "stream", "finish_reason", "stop_reason");

  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9._:/-]{1,64}");

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
          .build();

  private static volatile LoggingConfig.Bodies shown = LoggingConfig.Bodies.MASKED;

  private Bodies() {}

  static void show(LoggingConfig.Bodies what) {
    shown = what;
  }

  /** A body as a line may have it; what is too long is cut there. */
  public static String of(String body) {
    return shown == LoggingConfig.Bodies.FULL ? body : masked(body);
  }

  /**
   * The shape of a JSON body: keys, numbers, booleans and lengths of texts; {@code *** (N
   * characters)} of any other, also of one that is JSON only in part.
   */
  static String masked(String body) {
    StringWriter shape = new StringWriter();
    try (JsonParser in = JSON.createParser(body);
        JsonGenerator out = JSON.createGenerator(shape)) {
      JsonToken token = in.nextToken();
      if (token != JsonToken.START_OBJECT && token != JsonToken.START_ARRAY) {
        return length(body);
      }
      for (; token != null; token = in.nextToken()) {
        copy(in, token, out);
        if (shape.getBuffer().length() > LONGEST_SHAPE) {
          return shape.getBuffer().substring(0, LONGEST_SHAPE) + "… (cut)";
        }
        out.flush();
      }
    } catch (IOException e) {
      return length(body);
    }
    return shape.toString();
  }

  private static void copy(JsonParser in, JsonToken token, JsonGenerator out) throws IOException {
    switch (token) {
      case START_OBJECT -> out.writeStartObject();
      case END_OBJECT -> out.writeEndObject();
      case START_ARRAY -> out.writeStartArray();
      case END_ARRAY -> out.writeEndArray();
      case FIELD_NAME -> {
        // A key may be a client's own words.
        String name = in.currentName();
        out.writeFieldName(WORD.matcher(name).matches() ? name : length(name));
      }
      case VALUE_STRING -> {
        String text = in.getText();
        String name = in.currentName() == null ? "" : in.currentName();
        boolean plain = STRUCTURE.contains(name) && WORD.matcher(text).matches();
        out.writeString(plain ? text : length(text));
      }
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
        // A long number may be a card or an account.
        String digits = in.getText();
        if (digits.length() <= 6) {
          out.writeRawValue(digits);
        } else {
          out.writeString(length(digits));
        }
      }
      case VALUE_TRUE, VALUE_FALSE -> out.writeBoolean(token == JsonToken.VALUE_TRUE);
      case VALUE_NULL -> out.writeNull();
      default -> throw new IOException("a token that text has none of: " + token);
    }
  }

  private static String length(String text) {
    return "*** (" + text.codePointCount(0, text.length()) + " characters)";
  }
}
