package io.llmtrace.policies.policy;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What is done to an exchange. The order of the constants is the order of strictness. */
public enum Action {
  ALLOW,
  FLAG,
  REDACT,
  LIMIT,
  BLOCK;

  private final String label = name().toLowerCase(Locale.ROOT);

  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static Action of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
