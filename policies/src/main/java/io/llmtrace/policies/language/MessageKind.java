package io.llmtrace.policies.language;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The kinds of answers whose text a policy may set. */
public enum MessageKind {
  BLOCK,
  LIMIT,
  UNINSPECTABLE;

  private final String label = name().toLowerCase(Locale.ROOT);

  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static MessageKind of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
