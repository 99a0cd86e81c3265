package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.Receipt;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an inspection has come to so far. A worker writes while the thread that enforces the
 * deadline may read: all methods are safe to call from any thread, and a snapshot is consistent in
 * itself.
 *
 * <p>What a detector finds is there at once, as the detector said it; when all stages have spoken
 * of a segment, their common verdict takes its place.
 */
public final class InspectionProgress {
  /** Findings on the exchange as a whole, which belong to no segment. */
  private static final int WHOLE_EXCHANGE = -1;

  private final Map<Integer, Said> bySegment = new LinkedHashMap<>();
  private final Map<String, Long> stagesMicros = new LinkedHashMap<>();
  private final Set<String> missingStages = new LinkedHashSet<>();
  private final List<Contribution> contributions = new ArrayList<>();
  private final boolean explaining;
  private int segments;
  private final BitSet read = new BitSet();
  private boolean anythingRead;
  private boolean complete;
  private final Set<String> missingElsewhere = new LinkedHashSet<>();
  private boolean wholeElsewhere = true;

  /** What is known of one segment. */
  private static final class Said {
    private @Nullable FindingBounds provisional;
    private List<Finding> verdict = List.of();
    private boolean assessed;
    private double score;

    void found(Finding finding) {
      FindingBounds known = provisional;
      if (known == null) {
        known = new FindingBounds();
        provisional = known;
      }
      known.add(finding);
    }

    List<Finding> findings() {
      FindingBounds known = provisional;
      return assessed ? verdict : known == null ? List.of() : known.findings();
    }
  }

  /** Progress of an inspection that nobody asks to be explained. */
  public InspectionProgress() {
    this(false);
  }

  private InspectionProgress(boolean explaining) {
    this.explaining = explaining;
  }

  /** Progress that keeps what each stage contributed, for {@code explain}. */
  public static InspectionProgress explaining() {
    return new InspectionProgress(true);
  }

  /**
   * A moment of an inspection.
   *
   * @param segmentsInspected segments that every stage has read
   * @param unread places of the first of the others, see {@link Receipt#MOST_UNREAD}
   * @param coverage how much was read
   * @param missingStages stages that did not read everything
   * @param score highest confidence, between 0 and 1, that one of the segments read so far is an
   *     attack; there also where it is too low for a finding
   * @param contributions what each stage contributed, where that was asked for
   */
  public record Snapshot(
      List<Finding> findings,
      Map<String, Long> stagesMicros,
      List<String> missingStages,
      int segments,
      int segmentsInspected,
      List<Integer> unread,
      Coverage coverage,
      double score,
      List<Contribution> contributions) {
    public Snapshot {
      findings = List.copyOf(findings);
      stagesMicros = Map.copyOf(stagesMicros);
      missingStages = List.copyOf(missingStages);
      unread = List.copyOf(unread);
      contributions = List.copyOf(contributions);
    }
  }

  /** What is known now. */
  public synchronized Snapshot snapshot() {
    Coverage coverage =
        complete ? Coverage.INSPECTED : anythingRead ? Coverage.PARTIAL : Coverage.UNINSPECTED;
    double score = 0;
    for (Said said : bySegment.values()) {
      score = Math.max(score, said.assessed ? said.score : attackConfidence(said.findings()));
    }
    return new Snapshot(
        findings(),
        stagesMicros,
        new ArrayList<>(missingStages),
        segments,
        read.cardinality(),
        unread(),
        coverage,
        score,
        contributions);
  }

  /** The findings of a snapshot. */
  synchronized List<Finding> findings() {
    FindingBounds all = new FindingBounds();
    for (Said said : bySegment.values()) {
      said.findings().forEach(all::add);
    }
    return List.copyOf(all.findings());
  }

  static double attackConfidence(List<Finding> findings) {
    double most = 0;
    for (Finding finding : findings) {
      if (finding.type().isAttack()) {
        most = Math.max(most, finding.confidence());
      }
    }
    return most;
  }

  /** Adds the time of a stage, in microseconds, to what it took before. */
  public synchronized void stage(String name, long micros) {
    stagesMicros.merge(name, micros, Long::sum);
  }

  /** Adds the time of a stage that began at {@code startNanos}, by {@link System#nanoTime()}. */
  void stageSince(String name, long startNanos) {
    stage(name, (System.nanoTime() - startNanos) / 1000);
  }

  synchronized void begin(int count, List<String> stages) {
    segments = count;
    missingStages.addAll(stages);
  }

  /** A detector found something in a segment. */
  synchronized void found(int segment, Finding finding) {
    // A finding is proof of reading, also when the budget ends before its segment does.
    anythingRead = true;
    said(segment).found(finding);
  }

  /** Something was found that no single segment shows. */
  synchronized void foundInExchange(Finding finding) {
    found(WHOLE_EXCHANGE, finding);
  }

  /** All stages have spoken of a segment, or all that will for now. */
  synchronized void assessed(int segment, List<Finding> findings, double score) {
    Said said = said(segment);
    said.verdict = FindingBounds.kept(List.copyOf(findings));
    said.score = score;
    said.assessed = true;
  }

  private Said said(int segment) {
    return bySegment.computeIfAbsent(segment, number -> new Said());
  }

  /** A part was inspected by itself, before {@link #end} is said of the rest. */
  synchronized void include(Snapshot part) {
    part.findings().forEach(this::foundInExchange);
    part.stagesMicros().forEach(this::stage);
    missingElsewhere.addAll(part.missingStages());
    wholeElsewhere &= part.coverage() == Coverage.INSPECTED;
    anythingRead |= part.coverage() != Coverage.UNINSPECTED;
  }

  boolean isExplaining() {
    return explaining;
  }

  synchronized void explain(List<Contribution> more) {
    contributions.addAll(more);
  }

  synchronized void stageRead() {
    anythingRead = true;
  }

  /** Every stage has read a segment. */
  synchronized void segmentRead(int segment) {
    read.set(segment);
  }

  private List<Integer> unread() {
    List<Integer> first = new ArrayList<>();
    for (int i = read.nextClearBit(0);
        i < segments && first.size() < Receipt.MOST_UNREAD;
        i = read.nextClearBit(i + 1)) {
      first.add(i);
    }
    return first;
  }

  /**
   * The inspection is over.
   *
   * @param unfinished stages that the budget cut short
   * @param absent stages that were needed and are not there: what they would have read counts as
   *     read, and they are named
   */
  synchronized void end(Set<String> unfinished, Set<String> absent) {
    missingStages.clear();
    missingStages.addAll(unfinished);
    missingStages.addAll(absent);
    missingStages.addAll(missingElsewhere);
    complete = unfinished.isEmpty() && read.cardinality() == segments && wholeElsewhere;
  }
}
