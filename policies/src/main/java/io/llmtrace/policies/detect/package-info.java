/**
 * What all detectors share: what they read ({@link io.llmtrace.policies.detect.SegmentReading}),
 * what they say ({@link io.llmtrace.policies.detect.Finding}, {@link
 * io.llmtrace.policies.detect.FindingType}), how long they may take ({@link
 * io.llmtrace.policies.detect.InspectionBudget}) and what of an exchange was read in the end
 * ({@link io.llmtrace.policies.detect.Receipt}). Each detector has a package of its own below this
 * one and knows no other; {@code engine} puts them together.
 */
@NullMarked
package io.llmtrace.policies.detect;

import org.jspecify.annotations.NullMarked;
