package io.llmtrace.policies.language;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What becomes of a request that could not be read. */
public enum UninspectableAction {
  PASS,
  BLOCK;

  private final String label = name().toLowerCase(Locale.ROOT);

  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static UninspectableAction of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
