package io.llmtrace.policies.exchange;

/**
 * Tokens that a provider reported for an exchange. A record written before cached and reasoning
 * tokens were kept apart is read with zeros for them.
 *
 * @param promptTokens tokens of the request, cached ones included
 * @param completionTokens tokens of the answer, reasoning included
 * @param cachedTokens those of the prompt that were read from a cache
 * @param cacheWriteTokens those of the prompt that were written to a cache
 * @param reasoningTokens those of the answer that were spent on reasoning
 */
public record Usage(
    long promptTokens,
    long completionTokens,
    long cachedTokens,
    long cacheWriteTokens,
    long reasoningTokens) {
  /** Usage without details. */
  public Usage(long promptTokens, long completionTokens) {
    this(promptTokens, completionTokens, 0, 0, 0);
  }
}
