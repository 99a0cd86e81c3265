/**
 * Signature packs: rules in YAML, with their own cases, tried in linear time. A {@link
 * io.llmtrace.policies.detect.SegmentReading} comes in, {@link
 * io.llmtrace.policies.detect.Finding}s go out.
 */
@NullMarked
package io.llmtrace.policies.detect.signatures;

import org.jspecify.annotations.NullMarked;
