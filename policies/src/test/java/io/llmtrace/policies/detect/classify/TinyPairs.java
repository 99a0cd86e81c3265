package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Activation;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Label;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The cross-encoder of {@code policies/training/tiny_classifier.py}: a word of the answer that
 * means something and is not in the window of the sources makes it NOT_ENTAILED, with a probability
 * of 0.95, else of 0.05.
 */
public final class TinyPairs {
  private TinyPairs() {}

  /** Pairs of 32 tokens: 14 of the sources, 15 of the answer. */
  public static LabelModelSpec spec() {
    return spec(64, 4_096);
  }

  static LabelModelSpec spec(int mostPairs, int contextBytes) {
    return spec(List.of(label("NOT_ENTAILED", 0.8)), Activation.AUTO, 32, mostPairs, contextBytes);
  }

  static LabelModelSpec spec(
      List<Label> labels, Activation activation, int maxTokens, int mostPairs, int contextBytes) {
    return new LabelModelSpec(
        "pairs", labels, activation, Set.of(Zone.ASSISTANT), maxTokens, mostPairs, 1, contextBytes);
  }

  static Label label(String output, double threshold) {
    return new Label(
        output, Optional.of(FindingType.UNGROUNDED_ANSWER), threshold, Severity.MEDIUM);
  }

  /** Loads it with the file that names its outputs. */
  public static LabelModel load(LabelModelSpec spec) throws ModelException {
    return LabelModel.load(spec, file("model.onnx"), file("tokenizer.json"), file("config.json"));
  }

  static byte[] file(String name) {
    return TinyModel.file("tiny-pairs", name);
  }
}
