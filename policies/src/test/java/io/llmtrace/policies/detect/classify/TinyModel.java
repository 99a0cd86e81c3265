package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Activation;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Label;
import io.llmtrace.policies.exchange.Zone;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The classifier of {@code policies/training/tiny_classifier.py}, brought as somebody's own. */
public final class TinyModel {
  private static final Label DRAGON =
      new Label("DRAGON", Optional.of(FindingType.PROMPT_INJECTION), 0.9, Severity.HIGH);
  private static final Label RUDE =
      new Label("RUDE", Optional.of(FindingType.TOXIC_CONTENT), 0.8, Severity.MEDIUM);

  private TinyModel() {}

  /** Dragons are attacks, rude words are toxic. */
  public static LabelModelSpec spec(Zone... zones) {
    return spec(List.of(DRAGON, RUDE), Activation.AUTO, 64, zones);
  }

  static LabelModelSpec spec(
      List<Label> labels, Activation activation, int maxTokens, Zone... zones) {
    return new LabelModelSpec("tiny", labels, activation, Set.of(zones), maxTokens, 16, 1);
  }

  static Label finds(String output, double threshold) {
    return new Label(output, Optional.of(FindingType.JAILBREAK), threshold, Severity.MEDIUM);
  }

  static Label harmless(String output) {
    return new Label(output, Optional.empty(), 0.5, Severity.MEDIUM);
  }

  /** Loads it with the file that names its outputs. */
  public static LabelModel load(LabelModelSpec spec) throws ModelException {
    return LabelModel.load(spec, file("model.onnx"), file("tokenizer.json"), file("config.json"));
  }

  static byte[] file(String name) {
    return file("tiny", name);
  }

  static byte[] file(String model, String name) {
    try (var in = TinyModel.class.getResourceAsStream("/models/" + model + "/" + name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
