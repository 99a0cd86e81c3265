package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Sources;
import io.llmtrace.policies.detect.classify.CombinationModel.Verdict;
import io.llmtrace.policies.detect.classify.ModelSlot;
import io.llmtrace.policies.detect.classify.ModelState;
import io.llmtrace.policies.detect.classify.NgramClassifier;
import io.llmtrace.policies.detect.classify.OnnxTextClassifier;
import io.llmtrace.policies.detect.classify.Score;
import io.llmtrace.policies.exchange.Segment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an inspection leaves to models: segments in doubt for the shipped one, then all that the
 * models of the user read. A segment is settled here, with a model's word or without. Used by one
 * thread at a time.
 */
final class OpenQuestions {
  /** A segment on which the cheap stages have spoken. */
  record Spoken(
      int number,
      VerdictCache.@Nullable Key key,
      SegmentReading reading,
      List<Finding> found,
      Score ngram,
      Verdict verdict,
      boolean whole) {}

  /** A segment of which the shipped stages have said all they will. */
  private record Judged(
      int number,
      VerdictCache.@Nullable Key key,
      SegmentReading reading,
      List<Finding> findings,
      double score,
      boolean whole) {}

  private final DetectionEngine engine;
  private final @Nullable SegmentJudge judge;
  private final InspectionProgress progress;
  private final Set<String> unfinished;
  private final Set<String> absent;
  private final List<Spoken> doubts = new ArrayList<>();
  private final List<Judged> forOwn = new ArrayList<>();

  /**
   * No question yet.
   *
   * @param unfinished takes the models that the budget cut short
   * @param absent takes the models that are needed and not there
   */
  OpenQuestions(
      DetectionEngine engine,
      @Nullable SegmentJudge judge,
      InspectionProgress progress,
      Set<String> unfinished,
      Set<String> absent) {
    this.engine = engine;
    this.judge = judge;
    this.progress = progress;
    this.unfinished = unfinished;
    this.absent = absent;
  }

  boolean isEmpty() {
    return doubts.isEmpty() && forOwn.isEmpty();
  }

  /** Settles a segment, or keeps it for the shipped model where there is doubt. */
  void take(SegmentJudge combine, Spoken segment) {
    if (!combine.inDoubt(segment.verdict)) {
      settle(combine, segment, segment.verdict, segment.ngram, NgramClassifier.NAME, true);
      return;
    }
    // What is known counts already, should the budget end before the model is asked.
    Verdict now = SegmentJudge.unasked(segment.verdict, segment.found);
    settle(combine, segment, now, segment.ngram, NgramClassifier.NAME, engine.neural == null);
    if (engine.neural != null) {
      doubts.add(segment);
    }
  }

  /**
   * Asks the shipped model, the likeliest attacks first, and then those of the user, as long as the
   * budget lasts.
   */
  void ask(InspectionBudget forModels) {
    doubts.sort(
        Comparator.comparingDouble((Spoken segment) -> -segment.verdict.confidence())
            .thenComparingInt(segment -> -segment.number));
    for (Spoken segment : doubts) {
      ask(segment, forModels);
    }
    for (Judged judged : forOwn) {
      askOwn(judged, forModels);
    }
  }

  /** Asks the shipped model about a segment that the other stages leave in doubt. */
  private void ask(Spoken segment, InspectionBudget forModels) {
    ModelSlot<OnnxTextClassifier> slot = engine.neural;
    SegmentJudge combine = judge;
    if (slot == null || combine == null) {
      throw new IllegalStateException("doubts are kept only where a model can be asked");
    }
    if (forModels.spent()) {
      unfinished.add(slot.id());
      return;
    }
    long start = System.nanoTime();
    Optional<Score> answer =
        slot.ask(
            model ->
                model.reads(segment.reading.segment().zone())
                    ? Optional.of(model.score(segment.reading, segment.ngram, forModels))
                    : Optional.empty());
    progress.stageSince(slot.id(), start);
    if (answer.isEmpty()) {
      // Not there, or not for this zone: the verdict without it stands.
      boolean missing = slot.state().status() != ModelState.Status.LOADED;
      if (missing) {
        absent.add(slot.id());
      }
      boolean later = slot.state().status() == ModelState.Status.LOADING;
      Verdict stands = SegmentJudge.unasked(segment.verdict, segment.found);
      settle(combine, segment, stands, segment.ngram, NgramClassifier.NAME, true, !later);
      return;
    }
    if (!answer.get().complete()) {
      unfinished.add(slot.id());
      return;
    }
    Verdict verdict = combine.combine(segment.reading, segment.ngram, segment.found, answer);
    settle(combine, segment, verdict, answer.get(), slot.id(), true);
  }

  private void settle(
      SegmentJudge combine,
      Spoken segment,
      Verdict verdict,
      Score where,
      String said,
      boolean last) {
    settle(combine, segment, verdict, where, said, last, last);
  }

  private void settle(
      SegmentJudge combine,
      Spoken segment,
      Verdict verdict,
      Score where,
      String said,
      boolean last,
      boolean remember) {
    List<Finding> findings = combine.findings(segment.reading, where, segment.found, verdict, said);
    double confidence = SegmentJudge.score(verdict, findings);
    if (!last) {
      progress.assessed(segment.number, findings, confidence);
      return;
    }
    if (progress.isExplaining()) {
      progress.explain(contributions(segment.reading.segment(), verdict));
    }
    finish(
        segment.number,
        remember ? segment.key : null,
        segment.reading,
        findings,
        confidence,
        segment.whole);
  }

  /** The shipped stages are done with a segment: what is left are the models of the user. */
  void finish(
      int number,
      VerdictCache.@Nullable Key key,
      SegmentReading reading,
      List<Finding> findings,
      double score,
      boolean whole) {
    if (engine.own.read(reading.segment().zone())) {
      progress.assessed(number, findings, score);
      forOwn.add(new Judged(number, key, reading, findings, score, whole));
    } else {
      finish(number, key, findings, score, whole);
    }
  }

  /** Asks the models that somebody brought, when all that is cheaper has spoken. */
  private void askOwn(Judged judged, InspectionBudget forModels) {
    OwnModels.Said said = engine.own.ask(judged.reading, Sources.NONE, forModels);
    said.micros().forEach(progress::stage);
    unfinished.addAll(said.unfinished());
    absent.addAll(said.silent());
    List<Finding> findings = new ArrayList<>(judged.findings);
    findings.addAll(said.findings());
    finish(
        judged.number,
        said.loading() ? null : judged.key,
        findings,
        Math.max(judged.score, SegmentJudge.flagging(said.findings())),
        judged.whole && said.unfinished().isEmpty());
  }

  private void finish(
      int number,
      VerdictCache.@Nullable Key key,
      List<Finding> findings,
      double score,
      boolean whole) {
    progress.assessed(number, findings, score);
    if (!whole) {
      return;
    }
    progress.segmentRead(number);
    if (engine.cache != null && key != null) {
      engine.cache.put(key, new VerdictCache.Verdict(findings, score));
    }
  }

  private static List<Contribution> contributions(Segment segment, Verdict verdict) {
    return verdict.contributions().stream()
        .map(
            part ->
                new Contribution(
                    segment.pointer(), segment.zone(), part.feature(), part.value(), part.logit()))
        .toList();
  }
}
