/**
 * What an exchange used and what it cost. In come texts, the name of a model, what a provider
 * reported, and a table of prices, with those that were said at the control plane. Numbers of
 * tokens go out, each with where it comes from, and an exact amount of money, or none where the
 * price is not known.
 */
@NullMarked
package io.llmtrace.policies.usage;

import org.jspecify.annotations.NullMarked;
