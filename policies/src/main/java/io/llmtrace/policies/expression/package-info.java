/**
 * Conditions in CEL: checked when a policy is read, carried as a tree, evaluated without CEL's own
 * runtime.
 */
@NullMarked
package io.llmtrace.policies.expression;

import org.jspecify.annotations.NullMarked;
