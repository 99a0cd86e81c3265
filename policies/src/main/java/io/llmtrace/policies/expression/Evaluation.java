package io.llmtrace.policies.expression;

/**
 * What a condition came to, and why where it could not be evaluated.
 *
 * @param error for people; empty unless the outcome is {@link Outcome#ERROR}
 */
public record Evaluation(Outcome outcome, String error) {}
