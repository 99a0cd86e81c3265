/**
 * Runs the detectors over an exchange. An {@link io.llmtrace.policies.exchange.Exchange} comes in;
 * what was found and what was read goes out by way of {@link
 * io.llmtrace.policies.detect.engine.InspectionProgress}, within an {@link
 * io.llmtrace.policies.detect.InspectionBudget}.
 */
@NullMarked
package io.llmtrace.policies.detect.engine;

import org.jspecify.annotations.NullMarked;
