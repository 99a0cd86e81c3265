package io.llmtrace.policies.usage;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Where numbers of tokens come from, the surest first. */
public enum UsageSource {
  /** The provider says so. */
  REPORTED,
  /** Counted here with the model's own tokenizer. */
  COUNTED,
  /** Estimated here from the length and kind of the text. */
  ESTIMATED;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** The name used on the wire and in metrics. */
  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static UsageSource of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
