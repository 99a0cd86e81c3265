package io.llmtrace.policies.language;

import org.jspecify.annotations.Nullable;

/**
 * Findings that do not count, for a while. Immutable.
 *
 * @param name unique in the policy
 * @param owner who answers for it
 * @param reason why; empty where none is given
 * @param expires the first ISO day (UTC) on which it holds no more
 * @param match exchanges it is for
 * @param findings which findings; null is all of them
 * @param when must hold as well, or null
 */
public record ExceptionRule(
    String name,
    String owner,
    String reason,
    String expires,
    Match match,
    @Nullable FindingSelector findings,
    Rule.@Nullable Condition when) {}
