package io.llmtrace.policies.exchange;

/**
 * Tokens that a provider reported for an exchange.
 *
 * @param promptTokens tokens of the request, cached ones included
 * @param completionTokens tokens of the answer, reasoning included
 */
public record Usage(long promptTokens, long completionTokens) {}
