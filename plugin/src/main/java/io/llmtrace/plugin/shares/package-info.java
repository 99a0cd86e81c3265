/**
 * What this node shares with others by its control plane: shares of limits and budgets, and prices.
 * Demand goes out, leases come in; no request waits for either.
 */
@NullMarked
package io.llmtrace.plugin.shares;

import org.jspecify.annotations.NullMarked;
