package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.classify.LabelModelSpec;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the list of models: a classifier or cross-encoder that somebody brought. None of its
 * files has been opened.
 *
 * @param spec how it is asked, and what its labels mean
 * @param model the ONNX file
 * @param tokenizer its {@code tokenizer.json}
 * @param config its {@code config.json}; null for the one beside the model, if there is one
 * @param sha256 what the ONNX file must hash to, lower-case hex; null for whatever it does
 */
public record ModelConfig(
    LabelModelSpec spec,
    Path model,
    Path tokenizer,
    @Nullable Path config,
    @Nullable String sha256) {}
