package io.llmtrace.policies.detect;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How much of an exchange was looked at. */
public enum Coverage {
  /** Every stage read every segment. */
  INSPECTED,
  /** Something was read and something was not; the reason says why. */
  PARTIAL,
  /** Nothing was read; the reason says why. */
  UNINSPECTED;

  private final String label = name().toLowerCase(Locale.ROOT);

  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static Coverage of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
