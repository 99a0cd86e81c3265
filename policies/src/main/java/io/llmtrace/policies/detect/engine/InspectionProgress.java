package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.wire.Coverage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an inspection has come to so far. A worker writes while the thread that enforces the
 * deadline may read: all methods are safe to call from any thread, and a snapshot is consistent in
 * itself.
 */
public final class InspectionProgress {
  /**
   * Findings kept of one rule. The bound is for each rule and not for all: else a prompt full of
   * slight findings would crowd out the one that blocks.
   */
  static final int MOST_FINDINGS_OF_A_RULE = 20;

  private final List<Finding> findings = new ArrayList<>();
  private final Map<String, Integer> findingsOfRules = new HashMap<>();
  private final Map<String, Long> stagesMicros = new LinkedHashMap<>();
  private final Set<String> missingStages = new LinkedHashSet<>();
  private int segments;
  private int segmentsInspected;
  private double score;
  private boolean anythingRead;
  private boolean complete;

  /**
   * A moment of an inspection.
   *
   * @param segmentsInspected segments that every stage has read
   * @param coverage how much was read
   * @param missingStages stages that did not read everything
   * @param score highest confidence, between 0 and 1, that one of the segments read so far is an
   *     attack; there also where it is too low for a finding
   */
  public record Snapshot(
      List<Finding> findings,
      Map<String, Long> stagesMicros,
      List<String> missingStages,
      int segments,
      int segmentsInspected,
      Coverage coverage,
      double score) {
    public Snapshot {
      findings = List.copyOf(findings);
      stagesMicros = Map.copyOf(stagesMicros);
      missingStages = List.copyOf(missingStages);
    }
  }

  /** What is known now. */
  public synchronized Snapshot snapshot() {
    Coverage coverage =
        complete ? Coverage.INSPECTED : anythingRead ? Coverage.PARTIAL : Coverage.UNINSPECTED;
    return new Snapshot(
        findings,
        stagesMicros,
        new ArrayList<>(missingStages),
        segments,
        segmentsInspected,
        coverage,
        score);
  }

  /** Adds the time of a stage, in microseconds, to what it took before. */
  public synchronized void stage(String name, long micros) {
    stagesMicros.merge(name, micros, Long::sum);
  }

  synchronized void begin(int count, List<String> stages) {
    segments = count;
    missingStages.addAll(stages);
  }

  synchronized void found(Finding finding) {
    // A finding is proof of reading, also when the budget ends before its segment does.
    anythingRead = true;
    String rule = finding.detector() + "/" + finding.rule();
    if (finding.type().group() == FindingType.Group.ATTACK) {
      score = Math.max(score, finding.confidence());
    }
    if (findingsOfRules.getOrDefault(rule, 0) < MOST_FINDINGS_OF_A_RULE
        && !findings.contains(finding)) {
      findingsOfRules.merge(rule, 1, Integer::sum);
      findings.add(finding);
    }
  }

  synchronized void stageRead() {
    anythingRead = true;
  }

  synchronized void segmentRead() {
    segmentsInspected++;
  }

  synchronized void end(Set<String> unfinished) {
    missingStages.clear();
    missingStages.addAll(unfinished);
    complete = unfinished.isEmpty() && segmentsInspected == segments;
  }
}
