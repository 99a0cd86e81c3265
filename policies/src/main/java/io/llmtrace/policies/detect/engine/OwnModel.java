package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.classify.LabelClassifier;
import io.llmtrace.policies.detect.classify.LabelModelSpec;
import io.llmtrace.policies.detect.classify.ModelSlot;

/**
 * A model that somebody brought.
 *
 * @param spec how it is asked; its id is its name in findings, receipts and {@code /health}
 * @param loader reads its files and makes it; runs once, on a thread of its own
 */
public record OwnModel(LabelModelSpec spec, ModelSlot.Loader<LabelClassifier> loader) {}
