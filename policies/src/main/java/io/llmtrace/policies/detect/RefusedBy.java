package io.llmtrace.policies.detect;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Who refused to answer. */
public enum RefusedBy {
  /** The provider: the answer says so in its structure. */
  PROVIDER,
  /** The model: its text begins as a refusal does. */
  MODEL;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** The name used on the wire and in metrics. */
  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static RefusedBy of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
