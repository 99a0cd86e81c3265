package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import java.util.Set;
import java.util.TreeSet;

/**
 * What an engine is made of.
 *
 * @param profile how sure it must be before it speaks of an attack
 * @param without names of stages that are left out, see {@link DetectionEngine#stages()}
 * @param cacheBytes about how much memory verdicts on earlier segments may take; 0 for no cache
 * @param answers what reads answers
 */
public record EngineOptions(
    Profile profile, Set<String> without, long cacheBytes, AnswerStages answers) {
  private static final long CACHE_BYTES = 32L << 20;

  public EngineOptions {
    without = Set.copyOf(without);
  }

  /** What runs beside a gateway unless told otherwise. */
  public static EngineOptions standard() {
    return new EngineOptions(Profile.BALANCED, Set.of(), CACHE_BYTES, AnswerStages.standard());
  }

  /** For tools that read every text once. */
  public EngineOptions withoutCache() {
    return new EngineOptions(profile, without, 0, answers);
  }

  public EngineOptions with(Profile other) {
    return new EngineOptions(other, without, cacheBytes, answers);
  }

  public EngineOptions without(String stage) {
    Set<String> more = new TreeSet<>(without);
    more.add(stage);
    return new EngineOptions(profile, more, cacheBytes, answers);
  }

  public EngineOptions withAnswers(AnswerStages stages) {
    return new EngineOptions(profile, without, cacheBytes, stages);
  }
}
