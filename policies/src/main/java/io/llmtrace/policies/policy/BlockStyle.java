package io.llmtrace.policies.policy;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How a blocked client is told. */
public enum BlockStyle {
  /** 400 with the dialect's own error, which SDKs raise and do not retry. */
  ERROR,
  /** 200 with a well-formed refusal, for chat front ends that show errors badly. */
  REFUSAL,
  /** 403 with the dialect's own error. */
  FORBIDDEN;

  private final String label = name().toLowerCase(Locale.ROOT);

  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static BlockStyle of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
