package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.ExchangeDetector;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.action.ActionDetector;
import io.llmtrace.policies.detect.classify.CombinationModel;
import io.llmtrace.policies.detect.classify.CombinationModel.Profile;
import io.llmtrace.policies.detect.classify.GuardModel;
import io.llmtrace.policies.detect.classify.ModelSlot;
import io.llmtrace.policies.detect.classify.ModelState;
import io.llmtrace.policies.detect.classify.NgramClassifier;
import io.llmtrace.policies.detect.classify.OnnxTextClassifier;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
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
  static final String NORMALISE = "normalise";

  /** The stage that answers for segments that were read before. */
  static final String CACHE = "cache";

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

  /** What loading a model may need of its thread; the runtime's optimiser goes deep. */
  private static final long LOADER_STACK_BYTES = 16L << 20;

  private static final Set<String> LOOK_FOR_LEAKS =
      Set.of(SignatureDetector.NAME, SensitiveDetector.NAME);

  private static final OwnModels NO_MODELS = new OwnModels(List.of(), Runnable::run);

  final List<Detector> detectors;
  final List<ExchangeDetector> exchangeDetectors;
  final @Nullable NgramClassifier ngram;
  final @Nullable SegmentJudge judge;
  final @Nullable ModelSlot<OnnxTextClassifier> neural;
  final OwnModels own;
  final @Nullable VerdictCache cache;
  private final List<String> stages;
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
    this.stages = named();
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

  private List<String> named() {
    List<String> names = new ArrayList<>(detectors.stream().map(Detector::name).toList());
    if (ngram != null) {
      names.add(ngram.name());
    }
    if (neural != null) {
      names.add(neural.id());
    }
    names.addAll(own.ids());
    exchangeDetectors.forEach(detector -> names.add(detector.name()));
    return List.copyOf(names);
  }

  /** Names of the stages, in the order they run; {@link #NORMALISE} comes before all of them. */
  public List<String> stages() {
    return stages;
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
    begin(exchange, tenant, budget, progress).all();
  }

  /** The same in two halves, for callers who keep the models off the threads that read. */
  public ExchangeCascade begin(
      Exchange exchange, String tenant, InspectionBudget budget, InspectionProgress progress) {
    return begin(exchange, tenant, null, budget, progress);
  }

  /**
   * The same under a profile of its own.
   *
   * @param profile null for the engine's
   */
  public ExchangeCascade begin(
      Exchange exchange,
      String tenant,
      @Nullable Profile profile,
      InspectionBudget budget,
      InspectionProgress progress) {
    return new ExchangeCascade(this, exchange, tenant, profile, budget, progress);
  }

  /**
   * Secrets and personal data of one text, as the detectors find them, and all of them: an
   * inspection keeps only so many findings of a rule. Models are not asked.
   *
   * @return empty where the text was not read to its end, or nothing here looks for such data
   */
  public Optional<List<Finding>> leaks(Segment segment, InspectionBudget budget) {
    List<Detector> looking =
        detectors.stream().filter(detector -> LOOK_FOR_LEAKS.contains(detector.name())).toList();
    if (looking.stream().noneMatch(detector -> detector.name().equals(SensitiveDetector.NAME))) {
      return Optional.empty();
    }
    int leftOut = budget.leftOut();
    SegmentReading reading = Normaliser.read(segment, budget);
    List<Finding> found = new ArrayList<>();
    for (Detector detector : looking) {
      detector.detect(
          reading,
          budget,
          finding -> {
            if (finding.type().isSensitiveData()) {
              found.add(finding);
            }
          });
    }
    return reading.complete() && !budget.spent() && budget.leftOut() == leftOut
        ? Optional.of(List.copyOf(found))
        : Optional.empty();
  }

  /** Names of the models that somebody brought, for questions and for answers. */
  public Set<String> ownModels() {
    Set<String> names = new TreeSet<>(own.ids());
    names.addAll(answers.models().ids());
    return names;
  }

  /** Whether a model is there that could be asked. */
  boolean asksModels() {
    return (neural != null && neural.state().status() == ModelState.Status.LOADED)
        || own.anyLoaded();
  }

  /**
   * How many bytes of the documents and results of tools of a question are to be kept for its
   * answer; 0 where nothing would read them.
   */
  public int sourceBytes() {
    return answers.models().sourceBytes();
  }

  /** Names of the stages that read answers, in the order they run, {@link #NORMALISE} first. */
  List<String> answerStages() {
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
}
