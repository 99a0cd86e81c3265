/**
 * Limits and budgets of one process. Who asks, what a request would take and what an exchange took
 * in the end come in; a {@link io.llmtrace.policies.limit.Refusal}, or none, goes out. No I/O:
 * clocks are handed in, what has been spent is handed out to be kept and handed in again after a
 * restart. Instances that share a limit ask the control plane for a {@link
 * io.llmtrace.policies.limit.LimitLease} or {@link io.llmtrace.policies.limit.BudgetLease}; what
 * both say to each other, as JSON, is here too.
 */
@NullMarked
package io.llmtrace.policies.limit;

import org.jspecify.annotations.NullMarked;
