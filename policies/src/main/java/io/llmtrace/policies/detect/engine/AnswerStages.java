package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.action.ActionDetector;
import io.llmtrace.policies.detect.output.AnswerDetector;
import io.llmtrace.policies.detect.output.AnswerDetectors;
import io.llmtrace.policies.detect.sensitive.SensitiveDetector;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What reads answers.
 *
 * @param shared names of the engine's own detectors that read answers too, as they are set up for
 *     requests
 * @param ofSegments further detectors of single texts, for example a classifier of the zone {@code
 *     assistant}
 * @param ofAnswers detectors that see the whole answer beside its question
 */
public record AnswerStages(
    Set<String> shared, List<Detector> ofSegments, List<AnswerDetector> ofAnswers) {
  private static final AnswerStages STANDARD =
      new AnswerStages(
          Set.of(SensitiveDetector.NAME, ActionDetector.NAME),
          List.of(),
          AnswerDetectors.builtIn());

  public AnswerStages {
    shared = Set.copyOf(shared);
    ofSegments = List.copyOf(ofSegments);
    ofAnswers = List.copyOf(ofAnswers);
  }

  /**
   * Secrets and personal data, unsafe tool calls, and the detectors of answers that are shipped.
   */
  public static AnswerStages standard() {
    return STANDARD;
  }

  /** The same and one more detector of texts. */
  public AnswerStages with(Detector more) {
    List<Detector> all = new ArrayList<>(ofSegments);
    all.add(more);
    return new AnswerStages(shared, all, ofAnswers);
  }

  /** The same and one more detector of answers. */
  public AnswerStages with(AnswerDetector more) {
    List<AnswerDetector> all = new ArrayList<>(ofAnswers);
    all.add(more);
    return new AnswerStages(shared, ofSegments, all);
  }

  AnswerStages without(Set<String> names) {
    return new AnswerStages(
        shared.stream().filter(n -> !names.contains(n)).collect(Collectors.toUnmodifiableSet()),
        ofSegments.stream().filter(d -> !names.contains(d.name())).toList(),
        ofAnswers.stream().filter(d -> !names.contains(d.name())).toList());
  }
}
