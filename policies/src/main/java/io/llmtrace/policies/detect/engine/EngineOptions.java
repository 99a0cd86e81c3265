package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.output.AnswerDetectors;
import io.llmtrace.policies.detect.sensitive.SensitiveSettings;
import io.llmtrace.policies.detect.signatures.SignaturePack;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What an engine is made of. Immutable.
 *
 * @param profile how sure it must be before it speaks of an attack
 * @param without names of stages that are left out, see {@link DetectionEngine#stages()}
 * @param cacheBytes about how much memory verdicts on earlier segments may take; 0 for no cache
 * @param packs signature packs beside those that are shipped
 * @param disabledRules ids of shipped rules that are left out
 * @param models classifiers beside the one that is shipped, in the order in which they are asked
 * @param sensitive which secrets and personal data are looked for
 * @param answers what reads answers
 * @param toxicity what looks for toxic answers beside that
 */
public record EngineOptions(
    Profile profile,
    Set<String> without,
    long cacheBytes,
    List<SignaturePack> packs,
    Set<String> disabledRules,
    List<OwnModel> models,
    SensitiveSettings sensitive,
    AnswerStages answers,
    Toxicity toxicity) {
  private static final long CACHE_BYTES = 32L << 20;

  /** What looks for toxic answers, beside models that somebody brought. */
  public enum Toxicity {
    OFF,
    /** Some twenty turns of phrase: see {@link AnswerDetectors#toxicityLexicon()}. */
    LEXICON
  }

  public EngineOptions {
    without = Set.copyOf(without);
    packs = List.copyOf(packs);
    disabledRules = Set.copyOf(disabledRules);
    models = List.copyOf(models);
  }

  /** What runs beside a gateway unless told otherwise. */
  public static EngineOptions standard() {
    return new EngineOptions(
        Profile.BALANCED,
        Set.of(),
        CACHE_BYTES,
        List.of(),
        Set.of(),
        List.of(),
        SensitiveSettings.standard(),
        AnswerStages.standard(),
        Toxicity.OFF);
  }

  /** For tools that read every text once. */
  public EngineOptions withoutCache() {
    return new EngineOptions(
        profile, without, 0, packs, disabledRules, models, sensitive, answers, toxicity);
  }

  public EngineOptions with(Profile other) {
    return new EngineOptions(
        other, without, cacheBytes, packs, disabledRules, models, sensitive, answers, toxicity);
  }

  public EngineOptions without(String stage) {
    Set<String> more = new TreeSet<>(without);
    more.add(stage);
    return new EngineOptions(
        profile, more, cacheBytes, packs, disabledRules, models, sensitive, answers, toxicity);
  }

  /** With more packs, and without some of the shipped rules. */
  public EngineOptions withRules(List<SignaturePack> more, Set<String> disabled) {
    return new EngineOptions(
        profile, without, cacheBytes, more, disabled, models, sensitive, answers, toxicity);
  }

  public EngineOptions withModels(List<OwnModel> own) {
    return new EngineOptions(
        profile, without, cacheBytes, packs, disabledRules, own, sensitive, answers, toxicity);
  }

  public EngineOptions with(SensitiveSettings settings) {
    return new EngineOptions(
        profile, without, cacheBytes, packs, disabledRules, models, settings, answers, toxicity);
  }

  public EngineOptions with(Toxicity wanted) {
    return new EngineOptions(
        profile, without, cacheBytes, packs, disabledRules, models, sensitive, answers, wanted);
  }

  public EngineOptions withAnswers(AnswerStages stages) {
    return new EngineOptions(
        profile, without, cacheBytes, packs, disabledRules, models, sensitive, stages, toxicity);
  }

  /** The rules of signatures that these options come to. */
  SignaturePack signatures() {
    List<SignaturePack> all = new ArrayList<>();
    all.add(SignaturePack.builtIn().without(disabledRules));
    all.addAll(packs);
    return packs.isEmpty() ? all.get(0) : SignaturePack.merged(all);
  }

  /** What reads answers, as these options come to. */
  AnswerStages answerStages() {
    AnswerStages stages =
        toxicity == Toxicity.LEXICON ? answers.with(AnswerDetectors.toxicityLexicon()) : answers;
    return stages.without(without);
  }
}
