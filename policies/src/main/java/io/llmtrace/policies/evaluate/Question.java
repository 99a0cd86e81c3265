package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.policy.RedactRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is decided about. Immutable.
 *
 * @param facts of the exchange
 * @param findings all that was found, with those of {@link PolicyProgram#find}
 * @param routeMode what the route asks for, or null for the policy's mode; to observe on either is
 *     to observe
 * @param routeRedact what the route itself wants replaced of what the rules leave
 * @param revision of the bundle; 0 without one
 * @param rates counts requests
 */
public record Question(
    Facts facts,
    List<Finding> findings,
    @Nullable Mode routeMode,
    RedactRule routeRedact,
    long revision,
    RateGate rates) {}
