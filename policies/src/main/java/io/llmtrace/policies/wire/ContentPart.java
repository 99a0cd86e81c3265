package io.llmtrace.policies.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** A half of an exchange whose content is kept by itself. */
public enum ContentPart {
  REQUEST,
  ANSWER;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** The name used on the wire, in the database and in metrics. */
  @JsonValue
  public String label() {
    return label;
  }

  /**
   * Reads a label.
   *
   * @throws IllegalArgumentException for a name that no part has
   */
  @JsonCreator
  public static ContentPart of(String label) {
    for (ContentPart part : values()) {
      if (part.label.equals(label)) {
        return part;
      }
    }
    throw new IllegalArgumentException("unknown part '" + label + "'");
  }
}
