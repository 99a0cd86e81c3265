/**
 * Budgets and what is spent of them, and leases by which nodes share limits. Rollups and what nodes
 * report come in; sums, states and leases go out.
 */
@NullMarked
package io.llmtrace.controlplane.budgets;

import org.jspecify.annotations.NullMarked;
