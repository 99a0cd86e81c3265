package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Decision;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What policies say about an exchange. Immutable.
 *
 * @param decision what is done
 * @param redact findings that are to be replaced
 * @param message what the caller reads, or null for what is said without
 * @param blockStyle how the rule wants a block answered, or null for the route's and the policy's
 *     way
 * @param retryAfterNanos of a limit, when to try again; 0 where nobody knows
 */
public record Verdict(
    Decision decision,
    List<Finding> redact,
    @Nullable String message,
    @Nullable BlockStyle blockStyle,
    long retryAfterNanos) {}
