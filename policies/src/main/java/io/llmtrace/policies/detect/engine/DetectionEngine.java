package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.ExchangeDetector;
import io.llmtrace.policies.detect.ExchangeReading;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Sources;
import io.llmtrace.policies.detect.action.ActionDetector;
import io.llmtrace.policies.detect.classify.CombinationModel;
import io.llmtrace.policies.detect.classify.CombinationModel.Verdict;
import io.llmtrace.policies.detect.classify.GuardModel;
import io.llmtrace.policies.detect.classify.ModelSlot;
import io.llmtrace.policies.detect.classify.ModelState;
import io.llmtrace.policies.detect.classify.NgramClassifier;
import io.llmtrace.policies.detect.classify.OnnxTextClassifier;
import io.llmtrace.policies.detect.classify.Score;
import io.llmtrace.policies.detect.output.AnswerContext;
import io.llmtrace.policies.detect.sensitive.SensitiveDetector;
import io.llmtrace.policies.detect.signatures.SignatureDetector;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.detect.tools.LruToolMemory;
import io.llmtrace.policies.detect.tools.ToolDetector;
import io.llmtrace.policies.detect.turns.EscalationDetector;
import io.llmtrace.policies.detect.turns.ManyShotDetector;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Runs the cascade over an exchange. Thread-safe.
 *
 * <p>Segments are read from the last to the first: the newest turn of a conversation is where an
 * attack arrives, and it must have been read when a long history eats the budget. The cheap stages
 * read every segment before the neural model is asked about any: it is asked only where they leave
 * doubt, first where they leave most reason to.
 */
public final class DetectionEngine {
  /** The stage that makes the forms of a text that the others read. */
  public static final String NORMALISE = "normalise";

  /** The stage that answers for segments that were read before. */
  public static final String CACHE = "cache";

  /** Stages of the shipped engine that can be left out, in the order they run. */
  public static final List<String> BUILT_IN_STAGES =
      List.of(
          SignatureDetector.NAME,
          SensitiveDetector.NAME,
          ActionDetector.NAME,
          NgramClassifier.NAME,
          GuardModel.NAME,
          ToolDetector.NAME,
          ManyShotDetector.NAME,
          EscalationDetector.NAME);

  /** Tools whose definitions are remembered, to notice when one changes. */
  private static final int TOOLS_REMEMBERED = 20_000;

  /**
   * How much is still looked up among known verdicts when the budget is spent, in characters: what
   * is known costs next to nothing, but a body may have a million segments.
   */
  private static final int MOST_LATE = 256 * 1024;

  /** Characters that cost as much as a segment does whatever its length. */
  private static final int OF_A_SEGMENT = 1024;

  /** What loading a model may need of its thread; the runtime's optimiser goes deep. */
  private static final long LOADER_STACK_BYTES = 16L << 20;

  private static final OwnModels NO_MODELS = new OwnModels(List.of(), Runnable::run);

  private final List<Detector> detectors;
  private final List<ExchangeDetector> exchangeDetectors;
  private final @Nullable NgramClassifier ngram;
  private final @Nullable SegmentJudge judge;
  private final @Nullable ModelSlot<OnnxTextClassifier> neural;
  private final OwnModels own;
  private final @Nullable VerdictCache cache;
  private final AnswerCascade answers;

  /** An engine of detectors alone: their findings stand as they are. */
  public DetectionEngine(List<Detector> detectors) {
    this(detectors, List.of(), null, null, null, NO_MODELS, null, AnswerStages.standard());
  }

  private DetectionEngine(
      List<Detector> detectors,
      List<ExchangeDetector> exchangeDetectors,
      @Nullable NgramClassifier ngram,
      @Nullable SegmentJudge judge,
      @Nullable ModelSlot<OnnxTextClassifier> neural,
      OwnModels own,
      @Nullable VerdictCache cache,
      AnswerStages answers) {
    this.detectors = List.copyOf(detectors);
    this.exchangeDetectors = List.copyOf(exchangeDetectors);
    this.ngram = ngram;
    this.judge = judge;
    this.neural = neural;
    this.own = own.ofTexts();
    this.cache = cache;
    this.answers = AnswerCascade.of(answers, detectors, own);
  }

  /** The detectors, packs and models that the product ships. */
  public static DetectionEngine builtIn() {
    return builtIn(EngineOptions.standard());
  }

  /**
   * The same, made as the options say. Models load in the background.
   *
   * @throws io.llmtrace.policies.detect.signatures.PackException if two rules have the same id
   * @throws IllegalArgumentException if a rule is disabled that is not shipped
   */
  public static DetectionEngine builtIn(EngineOptions options) {
    List<Detector> detectors =
        List.of(
            new SignatureDetector(options.signatures()),
            new SensitiveDetector(options.sensitive()),
            new ActionDetector());
    List<ExchangeDetector> exchangeDetectors =
        List.of(
            new ToolDetector(new LruToolMemory(TOOLS_REMEMBERED)),
            new ManyShotDetector(),
            new EscalationDetector());
    boolean classifies = !options.without().contains(NgramClassifier.NAME);
    boolean asksNeural = classifies && !options.without().contains(GuardModel.NAME);
    return new DetectionEngine(
        detectors.stream().filter(d -> !options.without().contains(d.name())).toList(),
        exchangeDetectors.stream().filter(d -> !options.without().contains(d.name())).toList(),
        classifies ? NgramClassifier.builtIn() : null,
        classifies ? new SegmentJudge(CombinationModel.builtIn(), options.profile()) : null,
        asksNeural
            ? ModelSlot.load(
                GuardModel.NAME, () -> GuardModel.load(1), DetectionEngine::onItsOwnThread)
            : null,
        new OwnModels(options.models(), DetectionEngine::onItsOwnThread),
        options.cacheBytes() > 0 ? new VerdictCache(options.cacheBytes()) : null,
        options.answerStages());
  }

  private static void onItsOwnThread(Runnable task) {
    Thread thread = new Thread(null, task, "llmtrace-model-load", LOADER_STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
  }

  /** Names of the stages, in the order they run; {@link #NORMALISE} comes before all of them. */
  public List<String> stages() {
    List<String> names = new ArrayList<>(detectors.stream().map(Detector::name).toList());
    if (ngram != null) {
      names.add(ngram.name());
    }
    if (neural != null) {
      names.add(neural.id());
    }
    names.addAll(own.ids());
    exchangeDetectors.forEach(detector -> names.add(detector.name()));
    return names;
  }

  /**
   * State of each model by name: {@code loading}, {@code loaded}, {@code absent}, {@code failed}.
   */
  public Map<String, ModelState> models() {
    Map<String, ModelState> models = new LinkedHashMap<>();
    if (neural != null) {
      models.put(neural.id(), neural.state());
    }
    models.putAll(answers.models().states());
    return models;
  }

  /**
   * Waits until no model is loading: for tools, whose verdicts must not depend on how fast that is.
   *
   * @return false if one still is after {@code most}
   */
  public boolean awaitModels(Duration most) throws InterruptedException {
    long end = System.nanoTime() + most.toNanos();
    while (models().values().stream().anyMatch(m -> m.status() == ModelState.Status.LOADING)) {
      if (System.nanoTime() - end >= 0) {
        return false;
      }
      Thread.sleep(10);
    }
    return true;
  }

  /** Reads an exchange of no tenant in particular. */
  public void inspect(Exchange exchange, InspectionBudget budget, InspectionProgress progress) {
    inspect(exchange, "", budget, progress);
  }

  /**
   * Reads {@code exchange} until done or until the budget is spent, and keeps {@code progress} up
   * to date throughout. What a detector throws goes to the caller; progress keeps what was found
   * before.
   *
   * @param tenant whose exchange it is; verdicts are remembered for each tenant apart
   */
  public void inspect(
      Exchange exchange, String tenant, InspectionBudget budget, InspectionProgress progress) {
    new Run(exchange, tenant, budget, progress).all();
  }

  /**
   * How many bytes of the documents and results of tools of a question are to be kept for its
   * answer; 0 where nothing would read them.
   */
  public int sourceBytes() {
    return answers.models().sourceBytes();
  }

  /** Names of the stages that read answers, in the order they run, {@link #NORMALISE} first. */
  public List<String> answerStages() {
    return answers.stages();
  }

  /**
   * Reads an answer until done or until the budget is spent, and keeps {@code progress} up to date
   * throughout. Nothing is remembered of it: an answer comes once. A stage that throws does not
   * keep the others from reading; what it threw goes to the caller after them.
   *
   * <p>Results of tools and messages of an MCP server go on to a model, so they are read by all
   * stages, as they would be in the next request.
   *
   * @param tenant whose exchange it is
   * @param context what is known of the question
   */
  public void inspectAnswer(
      Answer answer,
      String tenant,
      AnswerContext context,
      InspectionBudget budget,
      InspectionProgress progress) {
    List<Segment> brought = AnswerCascade.brought(answer);
    try {
      if (!brought.isEmpty()) {
        readBrought(brought, tenant, budget, progress);
      }
    } finally {
      answers.read(answer, context, budget, progress);
    }
  }

  private void readBrought(
      List<Segment> brought, String tenant, InspectionBudget budget, InspectionProgress progress) {
    InspectionProgress part = new InspectionProgress();
    try {
      Exchange exchange =
          new Exchange(
              Dialect.GENERIC_JSON, "", Exchange.UNKNOWN_MODEL, false, brought, List.of(), 0);
      inspect(exchange, tenant, budget, part);
    } finally {
      progress.include(part.snapshot());
    }
  }

  /**
   * The same for callers that wait for the result.
   *
   * @param bytes length of the answer's body, for the receipt
   */
  public AnswerInspection inspectAnswer(
      Answer answer, long bytes, AnswerContext context, InspectionBudget budget) {
    InspectionProgress progress = new InspectionProgress();
    inspectAnswer(answer, "", context, budget, progress);
    return AnswerInspection.of(answer, bytes, progress.snapshot(), "budget");
  }

  /** One inspection. */
  private final class Run {
    private final Exchange exchange;
    private final String tenant;
    private final InspectionBudget budget;
    private final InspectionProgress progress;
    private final Set<String> unfinished = new LinkedHashSet<>();
    private final Set<String> absent = new LinkedHashSet<>();
    private final List<Doubt> doubts = new ArrayList<>();
    private final List<Judged> forOwn = new ArrayList<>();
    private final SegmentReading[] readings;

    Run(Exchange exchange, String tenant, InspectionBudget budget, InspectionProgress progress) {
      this.exchange = exchange;
      this.tenant = tenant;
      this.budget = budget;
      this.progress = progress;
      this.readings = new SegmentReading[exchange.segments().size()];
    }

    void all() {
      List<Segment> segments = exchange.segments();
      progress.begin(segments.size(), stages());
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
      doubts.sort(
          Comparator.comparingDouble((Doubt doubt) -> -doubt.verdict.confidence())
              .thenComparingInt(doubt -> -doubt.number));
      for (Doubt doubt : doubts) {
        ask(doubt);
      }
      for (Judged judged : forOwn) {
        askOwn(judged);
      }
      // Also those whose verdicts the cache has answered without them.
      absent.addAll(own.missing(segments));
      wholeExchange();
      progress.end(unfinished, absent);
    }

    /** There is no time for the stages that read segments. */
    private void leaveOut() {
      unfinished.addAll(stages());
      unfinished.add(NORMALISE);
    }

    /** The stages that need to see all segments beside each other. */
    private void wholeExchange() {
      if (exchangeDetectors.isEmpty()) {
        return;
      }
      if (budget.spent()) {
        exchangeDetectors.forEach(detector -> unfinished.add(detector.name()));
        return;
      }
      ExchangeReading reading =
          new ExchangeReading(exchange, List.of(readings), progress.snapshot().findings(), tenant);
      for (ExchangeDetector detector : exchangeDetectors) {
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
      if (cache != null && !progress.isExplaining()) {
        long start = System.nanoTime();
        key = cache.key(tenant, segment);
        VerdictCache.Verdict known = cache.get(key);
        if (known != null) {
          readings[number] = SegmentReading.asItStands(segment);
          progress.assessed(number, known.at(segment), known.score());
          progress.stageRead();
          progress.segmentRead();
          progress.stage(CACHE, micros(start));
          return;
        }
      }
      if (budget.spent()) {
        leaveOut();
        return;
      }
      long start = System.nanoTime();
      SegmentReading reading = Normaliser.read(segment, budget);
      readings[number] = reading;
      progress.stage(NORMALISE, micros(start));
      boolean whole = reading.complete();
      if (!whole) {
        unfinished.add(NORMALISE);
      }
      List<Finding> found = new ArrayList<>();
      for (Detector detector : detectors) {
        whole &= detect(detector, number, reading, found);
      }
      NgramClassifier classifier = ngram;
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
        settle(combine, doubt, now, score, classifier.name(), neural == null);
        if (neural != null) {
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

    /** Asks the neural model about a segment that the other stages leave in doubt. */
    private void ask(Doubt doubt) {
      ModelSlot<OnnxTextClassifier> slot = neural;
      SegmentJudge combine = judge;
      if (slot == null || combine == null) {
        throw new IllegalStateException("doubts are kept only where a model can be asked");
      }
      if (budget.spent()) {
        unfinished.add(slot.id());
        return;
      }
      long start = System.nanoTime();
      Optional<Score> answer =
          slot.ask(
              model ->
                  model.reads(doubt.reading.segment().zone())
                      ? Optional.of(model.score(doubt.reading, doubt.ngram, budget))
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
        SegmentJudge combine,
        Doubt doubt,
        Verdict verdict,
        Score where,
        String said,
        boolean last) {
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
      if (own.read(reading.segment().zone())) {
        progress.assessed(number, findings, score);
        forOwn.add(new Judged(number, key, reading, findings, score, whole));
      } else {
        finish(number, key, findings, score, whole);
      }
    }

    /** Asks the models that somebody brought, when all that is cheaper has spoken. */
    private void askOwn(Judged judged) {
      OwnModels.Said said = own.ask(judged.reading, Sources.NONE, budget);
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
      if (cache != null && key != null) {
        cache.put(key, new VerdictCache.Verdict(findings, score));
      }
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
