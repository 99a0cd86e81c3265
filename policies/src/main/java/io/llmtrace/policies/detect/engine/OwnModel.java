package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.classify.LabelModel;
import io.llmtrace.policies.detect.classify.LabelModelSpec;
import io.llmtrace.policies.detect.classify.ModelSlot;
import java.util.Set;

/**
 * A model that somebody brought.
 *
 * @param spec how it is asked; its id is its name in findings, receipts and {@code /health}
 * @param loader reads its files and makes it; runs once, on a thread of its own
 */
public record OwnModel(LabelModelSpec spec, ModelSlot.Loader<? extends LabelModel> loader) {
  /** Names that no model may have, since receipts and findings know a stage by them. */
  public static final Set<String> TAKEN =
      Set.of(
          "normalise",
          "cache",
          "signatures",
          "sensitive",
          "action",
          "ngram",
          "guard-minilm",
          "classifier",
          "tools",
          "many_shot",
          "escalation",
          "exfiltration",
          "prompt_leak",
          "canary",
          "insecure_code",
          "toxicity_lexicon");
}
