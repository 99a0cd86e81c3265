package io.llmtrace.policies.limit;

import org.jspecify.annotations.Nullable;

/**
 * What an exchange took in the end.
 *
 * @param served whether a provider served it; a failure takes no tokens and costs nothing
 * @param tokens of prompt and completion; negative where nobody reported them
 * @param costUsd null where it is not known, which is not zero
 */
public record Spent(boolean served, long tokens, @Nullable Double costUsd) {}
