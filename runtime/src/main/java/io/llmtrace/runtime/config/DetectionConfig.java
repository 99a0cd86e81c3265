package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.engine.EngineOptions.Toxicity;
import io.llmtrace.policies.detect.signatures.SignaturePack;
import java.util.List;
import java.util.Set;

/**
 * {@code detection}: what is looked for, and how carefully.
 *
 * @param profile how sure the engine must be before it speaks of an attack
 * @param packs signature packs of the user's own; empty for the control plane, which opens none
 * @param disabledRules ids of shipped rules that are left out
 * @param builtInModel whether the classifier that is shipped is asked
 * @param sensitive which secrets and personal data are looked for
 * @param toxicity what looks for toxic answers, beside models of the user's own
 */
public record DetectionConfig(
    Profile profile,
    List<SignaturePack> packs,
    Set<String> disabledRules,
    boolean builtInModel,
    SensitiveConfig sensitive,
    Toxicity toxicity) {

  public DetectionConfig {
    packs = List.copyOf(packs);
    disabledRules = Set.copyOf(disabledRules);
  }

  public static DetectionConfig defaults() {
    return new DetectionConfig(
        Profile.BALANCED, List.of(), Set.of(), true, SensitiveConfig.defaults(), Toxicity.OFF);
  }
}
