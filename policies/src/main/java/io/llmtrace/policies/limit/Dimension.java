package io.llmtrace.policies.limit;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a limit can count by. */
public enum Dimension {
  TENANT,
  CONSUMER,
  ROUTE,
  /** Known only when the body has been read. */
  MODEL,
  AGENT;

  private final String label = name().toLowerCase(Locale.ROOT);

  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static Dimension of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
