/**
 * {@code bench policies}: how soon an edited policy is enforced, what swaps do to traffic, what is
 * left when the control plane is gone or its bundles are damaged, and what trials, candidates and
 * decisions cost. In: which parts, and how many of each. Out: figures as text and JSON.
 */
@NullMarked
package io.llmtrace.cli.bench.policies;

import org.jspecify.annotations.NullMarked;
