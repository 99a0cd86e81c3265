package io.llmtrace.policies.language;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Whether the built-in rules decide about what a policy's own rules leave. */
public enum Defaults {
  ON,
  OFF;

  private final String label = name().toLowerCase(Locale.ROOT);

  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static Defaults of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
