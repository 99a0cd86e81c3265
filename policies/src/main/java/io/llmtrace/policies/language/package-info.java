/**
 * The policy language: what a policy says, as values, and how it is read from YAML. It knows
 * nothing of traffic; {@code io.llmtrace.policies.policy} decides by it.
 */
@NullMarked
package io.llmtrace.policies.language;

import org.jspecify.annotations.NullMarked;
