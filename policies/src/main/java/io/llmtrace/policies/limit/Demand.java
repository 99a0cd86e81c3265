package io.llmtrace.policies.limit;

/**
 * What a request asks for.
 *
 * @param promptTokens tokens of its prompt, counted or estimated
 * @param completionTokens tokens that it allows the answer; negative where it sets no bound
 */
public record Demand(long promptTokens, long completionTokens) {
  /** The answer's length where a request does not bound it. */
  public static final long UNBOUNDED = -1;
}
