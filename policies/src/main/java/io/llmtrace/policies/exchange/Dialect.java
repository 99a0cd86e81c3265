package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** The API shape that a request is written in, which is also the shape that a refusal must have. */
public enum Dialect {
  /** {@code POST …/chat/completions}. */
  OPENAI_CHAT("openai"),
  /** {@code POST …/messages}. */
  ANTHROPIC_MESSAGES("anthropic"),
  /** Any other JSON document: every string in it is a segment. */
  GENERIC_JSON("unknown"),
  /** Any other text. */
  TEXT("unknown");

  private final String label = name().toLowerCase(Locale.ROOT);
  private final String provider;

  Dialect(String provider) {
    this.provider = provider;
  }

  /** The name used on the wire and in route configuration, for example {@code openai_chat}. */
  @JsonValue
  public String label() {
    return label;
  }

  /** The value of the {@code provider} label in metrics. */
  public String provider() {
    return provider;
  }

  /**
   * Reads a wire name.
   *
   * @throws IllegalArgumentException for a name that no dialect has
   */
  @JsonCreator
  public static Dialect of(String label) {
    for (Dialect dialect : values()) {
      if (dialect.label.equals(label)) {
        return dialect;
      }
    }
    throw new IllegalArgumentException("unknown dialect '" + label + "'");
  }
}
