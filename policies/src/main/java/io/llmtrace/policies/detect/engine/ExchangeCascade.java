package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.ExchangeDetector;
import io.llmtrace.policies.detect.ExchangeReading;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Sources;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.classify.CombinationModel.Verdict;
import io.llmtrace.policies.detect.classify.ModelSlot;
import io.llmtrace.policies.detect.classify.ModelState;
import io.llmtrace.policies.detect.classify.NgramClassifier;
import io.llmtrace.policies.detect.classify.OnnxTextClassifier;
import io.llmtrace.policies.detect.classify.Score;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One inspection of an exchange by an engine: the cheap stages over all segments, from the last to
 * the first, then the models where doubt is left, then the stages that see all of it. Used once, by
 * one thread at a time: the cheap stages take microseconds and models milliseconds, so who has many
 * exchanges may do the second half on another thread.
 */
public final class ExchangeCascade {
  /**
   * How much is still looked up among known verdicts when the budget is spent, in characters: what
   * is known costs next to nothing, but a body may have a million segments.
   */
  private static final int MOST_LATE = 256 * 1024;

  /** Characters that cost as much as a segment does whatever its length. */
  private static final int OF_A_SEGMENT = 1024;

  /**
   * What the stages behind {@link DetectionEngine#NORMALISE} take for a character, nanoseconds, and
   * more: 60 on an idle machine.
   */
  private static final long AFTER_FORMS_NANOS = 100;

  /** The forms of a text may take so much of the time that is left, however long the text is. */
  private static final double FOR_FORMS = 0.5;

  private final DetectionEngine engine;
  private final Exchange exchange;
  private final String tenant;
  private final String knownBy;
  private final @Nullable SegmentJudge judge;
  private final InspectionBudget budget;
  private final InspectionProgress progress;
  private final Set<String> unfinished = new LinkedHashSet<>();
  private final Set<String> absent = new LinkedHashSet<>();
  private final List<Doubt> doubts = new ArrayList<>();
  private final List<Judged> forOwn = new ArrayList<>();
  private final SegmentReading[] readings;

  ExchangeCascade(
      DetectionEngine engine,
      Exchange exchange,
      String tenant,
      @Nullable Profile profile,
      InspectionBudget budget,
      InspectionProgress progress) {
    this.engine = engine;
    this.exchange = exchange;
    SegmentJudge configured = engine.judge;
    this.judge = configured == null ? null : configured.as(profile);
    this.tenant = tenant;
    // What is known of a text under one profile says nothing about another. No tenant has a line
    // feed in its name.
    this.knownBy = judge == configured ? tenant : profile + "\n" + tenant;
    this.budget = budget;
    this.progress = progress;
    this.readings = new SegmentReading[exchange.segments().size()];
  }

  /** All of it, on the calling thread. */
  public void all() {
    if (!readSegments()) {
      askModels();
    }
  }

  /**
   * The first half: the cheap stages. Where they leave no question to a model, that was all.
   *
   * @return whether the inspection is over; if not, one of {@link #askModels()} and {@link
   *     #leaveModelsOut()} ends it
   */
  public boolean readSegments() {
    List<Segment> segments = exchange.segments();
    progress.begin(segments.size(), engine.stages());
    int late = 0;
    for (int i = segments.size() - 1; i >= 0; i--) {
      if (budget.spent()) {
        late += OF_A_SEGMENT + segments.get(i).text().length();
        if (late > MOST_LATE) {
          leaveOut();
          break;
        }
      }
      segment(i, segments.get(i));
    }
    boolean asks = !doubts.isEmpty() || !forOwn.isEmpty();
    if (asks && !budget.spent() && engine.asksModels()) {
      return false;
    }
    // Nobody is to be asked, or nobody could answer: saying so takes no time.
    askModels();
    return true;
  }

  /** The second half: the models, as long as the budget lasts, and what follows them. */
  public void askModels() {
    rest(budget);
  }

  /**
   * The second half where nobody has time for the models: they count as cut short by the budget,
   * and what stood in doubt stays as it is.
   */
  public void leaveModelsOut() {
    rest(budget.share(0));
  }

  private void rest(InspectionBudget forModels) {
    doubts.sort(
        Comparator.comparingDouble((Doubt doubt) -> -doubt.verdict.confidence())
            .thenComparingInt(doubt -> -doubt.number));
    for (Doubt doubt : doubts) {
      ask(doubt, forModels);
    }
    for (Judged judged : forOwn) {
      askOwn(judged, forModels);
    }
    // Also those whose verdicts the engine.cache has answered without them.
    absent.addAll(engine.own.missing(exchange.segments()));
    wholeExchange();
    progress.end(unfinished, absent);
  }

  /** There is no time for the stages that read segments. */
  private void leaveOut() {
    unfinished.addAll(engine.stages());
    unfinished.add(DetectionEngine.NORMALISE);
  }

  /** The stages that need to see all segments beside each other. */
  private void wholeExchange() {
    if (engine.exchangeDetectors.isEmpty()) {
      return;
    }
    if (budget.spent()) {
      engine.exchangeDetectors.forEach(detector -> unfinished.add(detector.name()));
      return;
    }
    ExchangeReading reading =
        new ExchangeReading(exchange, List.of(readings), progress.findings(), tenant);
    for (ExchangeDetector detector : engine.exchangeDetectors) {
      if (budget.spent()) {
        unfinished.add(detector.name());
        continue;
      }
      long start = System.nanoTime();
      int leftOut = budget.leftOut();
      detector.detect(reading, budget, progress::foundInExchange);
      progress.stage(detector.name(), micros(start));
      if (budget.spent() || budget.leftOut() != leftOut) {
        unfinished.add(detector.name());
      }
      if (!budget.spent()) {
        progress.stageRead();
      }
    }
  }

  private void segment(int number, Segment segment) {
    VerdictCache.@Nullable Key key = null;
    // An explanation needs the stages to speak again.
    if (engine.cache != null && !progress.isExplaining()) {
      long start = System.nanoTime();
      key = engine.cache.key(knownBy, segment);
      VerdictCache.Verdict known = engine.cache.get(key);
      if (known != null) {
        readings[number] = SegmentReading.asItStands(segment);
        progress.assessed(number, known.at(segment), known.score());
        progress.stageRead();
        progress.segmentRead();
        progress.stage(DetectionEngine.CACHE, micros(start));
        return;
      }
    }
    if (budget.spent()) {
      leaveOut();
      return;
    }
    long start = System.nanoTime();
    // A text may be too long for the budget: then it is read as it stands, as far as time allows,
    // instead of nothing because all of it went into its forms.
    InspectionBudget forForms =
        budget.sparing(AFTER_FORMS_NANOS * segment.text().length(), FOR_FORMS);
    SegmentReading reading = Normaliser.read(segment, forForms);
    readings[number] = reading;
    progress.stage(DetectionEngine.NORMALISE, micros(start));
    boolean whole = reading.complete();
    if (!whole) {
      unfinished.add(DetectionEngine.NORMALISE);
    }
    List<Finding> found = new ArrayList<>();
    for (Detector detector : engine.detectors) {
      whole &= detect(detector, number, reading, found);
    }
    NgramClassifier classifier = engine.ngram;
    SegmentJudge combine = judge;
    if (classifier == null || combine == null) {
      finish(number, key, reading, found, InspectionProgress.attackConfidence(found), whole);
      return;
    }
    long before = System.nanoTime();
    Score score = classifier.score(reading, budget);
    progress.stage(classifier.name(), micros(before));
    if (!score.complete() || budget.spent()) {
      unfinished.add(classifier.name());
      whole = false;
    } else {
      progress.stageRead();
    }
    Verdict verdict = combine.combine(reading, score, found, Optional.empty());
    Doubt doubt = new Doubt(number, key, reading, found, score, verdict, whole);
    if (combine.inDoubt(verdict)) {
      // What is known counts already, should the budget end before the model is asked.
      Verdict now = SegmentJudge.unasked(verdict, found);
      settle(combine, doubt, now, score, classifier.name(), engine.neural == null);
      if (engine.neural != null) {
        doubts.add(doubt);
      }
    } else {
      settle(combine, doubt, verdict, score, classifier.name(), true);
    }
  }

  private boolean detect(
      Detector detector, int number, SegmentReading reading, List<Finding> found) {
    if (budget.spent()) {
      unfinished.add(detector.name());
      return false;
    }
    long start = System.nanoTime();
    int leftOut = budget.leftOut();
    try {
      detector.detect(
          reading,
          budget,
          finding -> {
            found.add(finding);
            progress.found(number, finding);
          });
    } finally {
      progress.stage(detector.name(), micros(start));
    }
    // A detector that was cut short has read something, but not all.
    if (budget.spent()) {
      unfinished.add(detector.name());
      return false;
    }
    progress.stageRead();
    if (budget.leftOut() != leftOut) {
      unfinished.add(detector.name());
      return false;
    }
    return true;
  }

  /** Asks the engine.neural model about a segment that the other stages leave in doubt. */
  private void ask(Doubt doubt, InspectionBudget forModels) {
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
                model.reads(doubt.reading.segment().zone())
                    ? Optional.of(model.score(doubt.reading, doubt.ngram, forModels))
                    : Optional.empty());
    progress.stage(slot.id(), micros(start));
    if (answer.isEmpty()) {
      // Not there, or not for this zone: the verdict without it stands.
      boolean missing = slot.state().status() != ModelState.Status.LOADED;
      if (missing) {
        absent.add(slot.id());
      }
      boolean later = slot.state().status() == ModelState.Status.LOADING;
      Verdict stands = SegmentJudge.unasked(doubt.verdict, doubt.found);
      settle(combine, doubt, stands, doubt.ngram, NgramClassifier.NAME, true, !later);
      return;
    }
    if (!answer.get().complete()) {
      unfinished.add(slot.id());
      return;
    }
    Verdict verdict = combine.combine(doubt.reading, doubt.ngram, doubt.found, answer);
    settle(combine, doubt, verdict, answer.get(), slot.id(), true);
  }

  private void settle(
      SegmentJudge combine, Doubt doubt, Verdict verdict, Score where, String said, boolean last) {
    settle(combine, doubt, verdict, where, said, last, last);
  }

  private void settle(
      SegmentJudge combine,
      Doubt doubt,
      Verdict verdict,
      Score where,
      String said,
      boolean last,
      boolean remember) {
    List<Finding> findings = combine.findings(doubt.reading, where, doubt.found, verdict, said);
    double confidence = SegmentJudge.score(verdict, findings);
    if (!last) {
      progress.assessed(doubt.number, findings, confidence);
      return;
    }
    if (progress.isExplaining()) {
      progress.explain(contributions(doubt.reading.segment(), verdict));
    }
    finish(
        doubt.number,
        remember ? doubt.key : null,
        doubt.reading,
        findings,
        confidence,
        doubt.whole);
  }

  /** The shipped stages are done with a segment: what is left are the models of the user. */
  private void finish(
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
    progress.segmentRead();
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

  /** A segment on which the cheap stages have spoken. */
  private record Doubt(
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

  private static long micros(long startNanos) {
    return (System.nanoTime() - startNanos) / 1000;
  }
}
