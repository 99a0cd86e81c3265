package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Sources;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A model that somebody brought: any Hugging Face export to ONNX. Thread-safe. */
public sealed interface LabelModel extends AutoCloseable permits LabelClassifier, CrossEncoder {
  /**
   * Loads a model of the kind that its specification says, and runs it on the shortest and the
   * longest window.
   *
   * @param model the bytes of the ONNX file
   * @param tokenizer the bytes of its {@code tokenizer.json}
   * @param config the bytes of its {@code config.json}, which names the outputs; null if there is
   *     none
   * @throws ModelException if one cannot be read, a label is not among the outputs, or the model
   *     does not run
   */
  static LabelModel load(
      LabelModelSpec spec, byte[] model, byte[] tokenizer, byte @Nullable [] config)
      throws ModelException {
    return spec.isCrossEncoder()
        ? CrossEncoder.load(spec, model, tokenizer, config)
        : LabelClassifier.load(spec, model, tokenizer, config);
  }

  /**
   * Reads a text of one of the model's zones.
   *
   * @param sources what the text can be grounded in; a classifier does not look at them
   * @return whether all was read
   * @throws IllegalStateException if the runtime fails on a window
   */
  boolean read(
      SegmentReading reading, Sources sources, InspectionBudget budget, Consumer<Finding> sink);

  @Override
  void close();
}
