/**
 * The detection cascade. An {@link io.llmtrace.policies.exchange.Exchange} comes in, {@link
 * io.llmtrace.policies.detect.Finding}s go out, found within an {@link
 * io.llmtrace.policies.detect.InspectionBudget}. Detectors are thread-safe and keep no state of an
 * exchange.
 */
@NullMarked
package io.llmtrace.policies.detect;

import org.jspecify.annotations.NullMarked;
