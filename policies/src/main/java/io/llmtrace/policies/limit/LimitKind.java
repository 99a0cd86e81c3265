package io.llmtrace.policies.limit;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a limit limits. */
public enum LimitKind {
  REQUESTS_PER_MINUTE("rate_limit"),
  TOKENS_PER_MINUTE("rate_limit"),
  CONCURRENT("rate_limit"),
  /** Cost in a rolling window. */
  COST_USD("budget"),
  PROMPT_TOKENS("request_size"),
  COMPLETION_TOKENS("request_size"),
  TOTAL_TOKENS("request_size");

  private final String label = name().toLowerCase(Locale.ROOT);
  private final String category;

  LimitKind(String category) {
    this.category = category;
  }

  /** The key in {@code llmtrace.yaml}, and the name on the wire. */
  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static LimitKind of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }

  /** {@code rate_limit}, {@code budget} or {@code request_size}: the category of a decision. */
  public String category() {
    return category;
  }

  /** Whether the same request may pass a little later, so that a client does well to try again. */
  public boolean passes() {
    return category.equals("rate_limit");
  }
}
