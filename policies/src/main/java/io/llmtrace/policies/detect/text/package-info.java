/**
 * Finds what a text says in other forms. A {@link io.llmtrace.policies.exchange.Segment} comes in,
 * a {@link io.llmtrace.policies.detect.SegmentReading} goes out: the text as it stands and each
 * form that something was undone in, all with their map back to the original. Bounded in size and
 * time.
 */
@NullMarked
package io.llmtrace.policies.detect.text;

import org.jspecify.annotations.NullMarked;
