/**
 * Classifiers of text that were trained, not written: a linear one in pure Java and any model in
 * ONNX form, with the model that combines what all stages say. A {@link
 * io.llmtrace.policies.detect.SegmentReading} comes in, a {@link
 * io.llmtrace.policies.detect.classify.Score} goes out. Models come as bytes; the recipe that makes
 * them is {@code policies/training/}.
 */
@NullMarked
package io.llmtrace.policies.detect.classify;

import org.jspecify.annotations.NullMarked;
