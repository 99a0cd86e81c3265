package io.llmtrace.policies.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How much of an exchange's content is kept. */
public enum CaptureMode {
  /** Nothing. */
  NONE,
  /** Texts in which every secret and personal datum that was found is a placeholder. */
  REDACTED,
  /** Texts as they are. */
  FULL;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** The name used on the wire and in configurations. */
  @JsonValue
  public String label() {
    return label;
  }

  /**
   * Reads a label.
   *
   * @throws IllegalArgumentException for a name that no mode has
   */
  @JsonCreator
  public static CaptureMode of(String label) {
    for (CaptureMode mode : values()) {
      if (mode.label.equals(label)) {
        return mode;
      }
    }
    throw new IllegalArgumentException("unknown mode of capture '" + label + "'");
  }
}
