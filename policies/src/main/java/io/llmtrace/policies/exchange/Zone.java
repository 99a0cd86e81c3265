package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Where in a conversation a text stands: the same words mean different things in each. */
public enum Zone {
  SYSTEM,
  USER,
  ASSISTANT,
  TOOL_CALL,
  TOOL_RESULT,
  DOCUMENT,
  METADATA;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** The name used on the wire, in packs and in the API, for example {@code tool_result}. */
  @JsonValue
  public String label() {
    return label;
  }

  /**
   * Reads a wire name; {@code tool} is accepted for {@code tool_result}.
   *
   * @throws IllegalArgumentException for a name that no zone has
   */
  @JsonCreator
  public static Zone of(String label) {
    if (label.equals("tool")) {
      return TOOL_RESULT;
    }
    for (Zone zone : values()) {
      if (zone.label.equals(label)) {
        return zone;
      }
    }
    throw new IllegalArgumentException("unknown zone '" + label + "'");
  }
}
