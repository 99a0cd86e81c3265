package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.classify.CombinationModel;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.classify.CombinationModel.Stages;
import io.llmtrace.policies.detect.classify.CombinationModel.Verdict;
import io.llmtrace.policies.detect.classify.Score;
import io.llmtrace.policies.detect.signatures.SignatureDetector;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns what all stages said of a segment into its findings. Immutable.
 *
 * <p>Findings of attacks get the combined confidence, and their severity follows from it: from the
 * next more careful profile's threshold on it is high, from this profile's own on medium, below
 * that low: it is shown, and nothing is done about it. Where the classifiers see an attack and no
 * rule does, there is a finding of theirs. All other findings (secrets, personal data, tool
 * arguments) stay as their detector made them, and so do those of rules that a user wrote: the
 * combination was fitted on the shipped ones, and who says that his own rule is to block means it.
 */
final class SegmentJudge {
  /** Detector of findings that no rule made. */
  static final String CLASSIFIER = "classifier";

  private final CombinationModel combination;
  private final double flags;
  private final double blocks;
  private final Profile profile;

  SegmentJudge(CombinationModel combination, Profile profile) {
    this.combination = combination;
    this.profile = profile;
    this.flags = combination.threshold(profile);
    this.blocks =
        combination.threshold(
            switch (profile) {
              case STRICT -> Profile.BALANCED;
              case BALANCED, RELAXED -> Profile.RELAXED;
            });
  }

  /** The same for who wants to hear of more, or of less. */
  SegmentJudge as(@Nullable Profile other) {
    return other == null || other == profile ? this : new SegmentJudge(combination, other);
  }

  Verdict combine(
      SegmentReading reading, Score ngram, List<Finding> found, Optional<Score> neural) {
    return combination.combine(new Stages(reading, ngram, shipped(found), neural));
  }

  boolean inDoubt(Verdict verdict) {
    return combination.inDoubt(verdict);
  }

  /**
   * The verdict while the neural model has not been asked about a segment in doubt, or cannot be: a
   * rule that calls for a block stands with what it was measured at until the model clears it. Else
   * whoever pads an attack, or waits for a model to fail, would be let through by the doubt.
   */
  static Verdict unasked(Verdict verdict, List<Finding> found) {
    double rule =
        shipped(found).stream()
            .filter(f -> f.type().group() == FindingType.Group.ATTACK)
            .filter(f -> f.severity().atLeast(Severity.HIGH))
            .mapToDouble(Finding::confidence)
            .max()
            .orElse(0);
    return rule > verdict.confidence() ? new Verdict(rule, verdict.contributions()) : verdict;
  }

  /**
   * The findings of a segment.
   *
   * @param said by which classifier the verdict was decided, for the finding's rule
   */
  List<Finding> findings(
      SegmentReading reading, Score where, List<Finding> found, Verdict verdict, String said) {
    double confidence = verdict.confidence();
    Severity severity =
        confidence >= blocks ? Severity.HIGH : confidence >= flags ? Severity.MEDIUM : Severity.LOW;
    List<Finding> findings = new ArrayList<>();
    boolean named = false;
    for (Finding each : found) {
      if (each.type().group() != FindingType.Group.ATTACK
          || SignatureDetector.isOfUserPack(each)
          || !each.severity().atLeast(Severity.MEDIUM)) {
        findings.add(each);
        continue;
      }
      named = true;
      // A rule may call for more than high, never the classifiers alone.
      boolean critical = severity == Severity.HIGH && each.severity() == Severity.CRITICAL;
      findings.add(with(each, confidence, critical ? Severity.CRITICAL : severity));
    }
    if (!named && confidence >= flags) {
      findings.add(0, ofClassifier(reading, where, found, confidence, severity, said));
    }
    return findings;
  }

  private static Finding ofClassifier(
      SegmentReading reading,
      Score where,
      List<Finding> found,
      double confidence,
      Severity severity,
      String said) {
    // A rule too weak to speak for itself may still know the kind.
    FindingType type =
        shipped(found).stream()
            .filter(each -> each.type().group() == FindingType.Group.ATTACK)
            .max(Comparator.comparingDouble(Finding::confidence))
            .map(Finding::type)
            .orElse(ofZone(reading.segment().zone()));
    String text = where.view().text();
    int from = Math.min(where.from(), Math.max(0, text.length() - 1));
    int to = Math.min(text.length(), Math.max(where.to(), from + 1));
    return reading.finding(
        type,
        severity,
        confidence,
        where.view(),
        from,
        to,
        CLASSIFIER,
        said,
        Evidence.phrase(text.substring(from, to)));
  }

  /**
   * What the combination was fitted on: the shipped rules. A mail address in a text makes it no
   * more of an attack.
   */
  private static List<Finding> shipped(List<Finding> found) {
    return found.stream().filter(each -> each.detector().equals(SignatureDetector.NAME)).toList();
  }

  /** The score of a segment: what its verdict says, or what a user's rule says that flags. */
  static double score(Verdict verdict, List<Finding> findings) {
    List<Finding> own = findings.stream().filter(SignatureDetector::isOfUserPack).toList();
    return Math.max(verdict.confidence(), flagging(own));
  }

  /** The confidence of findings that stand beside the verdict, of those that flag. */
  static double flagging(List<Finding> findings) {
    return InspectionProgress.attackConfidence(
        findings.stream().filter(each -> each.severity().atLeast(Severity.MEDIUM)).toList());
  }

  private static FindingType ofZone(Zone zone) {
    return switch (zone) {
      case TOOL_RESULT, DOCUMENT -> FindingType.INDIRECT_INJECTION;
      case METADATA -> FindingType.MCP_TOOL_POISONING;
      case SYSTEM, USER, ASSISTANT, TOOL_CALL -> FindingType.PROMPT_INJECTION;
    };
  }

  private static Finding with(Finding f, double confidence, Severity severity) {
    return new Finding(
        f.type(),
        severity,
        confidence,
        f.zone(),
        f.pointer(),
        f.start(),
        f.end(),
        f.detector(),
        f.rule(),
        f.evidence());
  }
}
