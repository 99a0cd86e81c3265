package io.llmtrace.plugin.conf;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.wire.CaptureMode;
import java.util.List;
import java.util.Map;

/**
 * Reads the key {@code capture}: an object, or a mode alone. Anything wrong in it captures nothing:
 * a slip must not keep more than was meant.
 */
final class CaptureReader {
  static final int LEAST_BYTES = 1 << 10;
  static final int MOST_BYTES = 1 << 20;
  private static final int DEFAULT_BYTES = 64 << 10;
  private static final String KEY = "capture";

  /** Whether a route may ask for texts as they are. */
  enum Full {
    ALLOWED,
    NOT_ALLOWED
  }

  private final List<String> problems;
  private CaptureMode mode = CaptureMode.REDACTED;
  private int maxBytes = DEFAULT_BYTES;
  private double sample = 1;
  private boolean wrong;

  private CaptureReader(List<String> problems) {
    this.problems = problems;
  }

  static CaptureConf read(JsonNode value, Full full, List<String> problems) {
    CaptureReader reader = new CaptureReader(problems);
    if (value.isObject()) {
      if (!value.has("content")) {
        reader.wrong(".content", "expected none, redacted or full");
      }
      for (Map.Entry<String, JsonNode> field : value.properties()) {
        reader.key(field.getKey(), field.getValue());
      }
    } else {
      reader.content("", value);
    }
    if (reader.wrong || reader.mode == CaptureMode.NONE) {
      return CaptureConf.NONE;
    }
    if (reader.mode == CaptureMode.FULL && full == Full.NOT_ALLOWED) {
      problems.add(
          KEY
              + ": full needs plugin.capture.allow_full: true in the configuration of the node;"
              + " redacted is in force");
      reader.mode = CaptureMode.REDACTED;
    }
    return new CaptureConf(reader.mode, reader.maxBytes, reader.sample);
  }

  private void key(String key, JsonNode value) {
    switch (key) {
      case "content" -> content(".content", value);
      case "max_bytes" -> {
        if (value.isIntegralNumber()
            && value.canConvertToInt()
            && value.intValue() >= LEAST_BYTES
            && value.intValue() <= MOST_BYTES) {
          maxBytes = value.intValue();
        } else {
          wrong(".max_bytes", "expected whole bytes from " + LEAST_BYTES + " to " + MOST_BYTES);
        }
      }
      case "sample" -> {
        if (value.isNumber() && value.doubleValue() > 0 && value.doubleValue() <= 1) {
          sample = value.doubleValue();
        } else {
          wrong(".sample", "expected a number over 0 and up to 1");
        }
      }
      default -> wrong("." + key, "unknown key, expected one of content, max_bytes, sample");
    }
  }

  private void content(String place, JsonNode value) {
    try {
      mode = CaptureMode.of(value.asText());
    } catch (IllegalArgumentException e) {
      wrong(place, "expected none, redacted or full");
    }
  }

  private void wrong(String place, String expected) {
    wrong = true;
    problems.add(KEY + place + ": " + expected + "; nothing is captured");
  }
}
