/**
 * Policy: findings come in, one {@link io.llmtrace.policies.policy.Decision} goes out, with the
 * rule that decided. Block answers in the caller's own dialect are made here too. No I/O.
 */
@NullMarked
package io.llmtrace.policies.policy;

import org.jspecify.annotations.NullMarked;
