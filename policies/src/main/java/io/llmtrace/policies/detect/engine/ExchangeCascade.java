package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.ExchangeDetector;
import io.llmtrace.policies.detect.ExchangeReading;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.classify.CombinationModel.Verdict;
import io.llmtrace.policies.detect.classify.NgramClassifier;
import io.llmtrace.policies.detect.classify.Score;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import java.util.ArrayList;
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
  private final OpenQuestions questions;
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
    this.questions = new OpenQuestions(engine, judge, progress, unfinished, absent);
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
    if (!questions.isEmpty() && !budget.spent() && engine.asksModels()) {
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
    questions.ask(forModels);
    // Also those without which the cache has answered.
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
      progress.stageSince(detector.name(), start);
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
        progress.segmentRead(number);
        progress.stageSince(DetectionEngine.CACHE, start);
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
    progress.stageSince(DetectionEngine.NORMALISE, start);
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
      double score = InspectionProgress.attackConfidence(found);
      questions.finish(number, key, reading, found, score, whole);
      return;
    }
    long before = System.nanoTime();
    Score score = classifier.score(reading, budget);
    progress.stageSince(classifier.name(), before);
    if (!score.complete() || budget.spent()) {
      unfinished.add(classifier.name());
      whole = false;
    } else {
      progress.stageRead();
    }
    Verdict verdict = combine.combine(reading, score, found, Optional.empty());
    questions.take(
        combine, new OpenQuestions.Spoken(number, key, reading, found, score, verdict, whole));
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
      progress.stageSince(detector.name(), start);
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
}
