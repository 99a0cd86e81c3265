package io.llmtrace.plugin;

import io.llmtrace.plugin.answers.AnswerInspector;
import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.callout.Callouts;
import io.llmtrace.plugin.capture.ContentCapture;
import io.llmtrace.plugin.capture.SeenElsewhere;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.conf.RunnerConfs;
import io.llmtrace.plugin.enforcement.AnswerEnforcer;
import io.llmtrace.plugin.enforcement.AnswerVerdicts;
import io.llmtrace.plugin.gateway.A6Server;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.inspection.Analysis;
import io.llmtrace.plugin.inspection.EngineAnalysis;
import io.llmtrace.plugin.inspection.InspectionService;
import io.llmtrace.plugin.inspection.TextInspector;
import io.llmtrace.plugin.inspection.WarmUp;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.plugin.local.LocalServer;
import io.llmtrace.plugin.policies.BundleKeeper;
import io.llmtrace.plugin.policies.BundleSync;
import io.llmtrace.plugin.shares.ShareExchange;
import io.llmtrace.plugin.tap.Apis;
import io.llmtrace.plugin.tap.Tap;
import io.llmtrace.plugin.telemetry.Telemetry;
import io.llmtrace.plugin.telemetry.TelemetrySettings;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.engine.AnswerInspection;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.policy.DecisionEngine;
import io.llmtrace.policies.usage.PriceTable;
import io.llmtrace.policies.usage.PromptTokens;
import io.llmtrace.policies.usage.TokenCounter;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.detection.EngineSetup;
import io.llmtrace.runtime.files.PrivateFiles;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process beside the gateway, put together: request side, telemetry, tap and local port. This
 * is the one place that knows all of them. Thread-safe.
 *
 * @param <S> what takes the requests
 */
public final class PluginProcess<S extends RequestSide> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PluginProcess.class);

  /**
   * Until we listen, requests pass uninspected or fail: signatures at once, models as they load.
   */
  private static final Duration WARM_UP = Duration.ofSeconds(3);

  /** Beside the traffic, when we listen: it takes up to a core from it for so long. */
  private static final Duration WARM_UP_BESIDE = Duration.ofSeconds(2);

  /** Where a predecessor serves meanwhile there is time, and it takes its share of the machine. */
  private static final Duration WARM_UP_WHILE_SERVED = Duration.ofSeconds(30);

  private static final Duration MODELS_WHILE_SERVED = Duration.ofSeconds(30);

  private static final WarmUp.Progress JVM = new WarmUp.Progress();

  private final PluginConfig config;
  private final DetectionEngine engine;
  private final Telemetry telemetry;
  private final ContentCapture capture;
  private final Thread warmingUp;
  private final AnswerInspector answers;
  private final Limits limits;
  private final AnswerEnforcer held;
  private final S requests;
  private final ShareExchange shares;
  private final BundleKeeper policies;
  private final BundleSync sync;
  private final Callouts callouts;
  private final PluginStatus status;
  private final LocalServer local;

  private PluginProcess(LlmtraceConfig llmtrace, RequestSide.Opener<S> opener, boolean served)
      throws IOException {
    final long startedAt = System.currentTimeMillis();
    config = llmtrace.plugin();
    PrivateFiles.createDirectories(config.dataDirectory());
    PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    DecisionIds ids = DecisionIds.open(config.dataDirectory());
    // Beside the engine, which takes longer: the first request that needs a vocabulary has it.
    Thread vocabularies = new Thread(TokenCounter::warmUp, "llmtrace-vocabularies");
    vocabularies.setDaemon(true);
    vocabularies.start();
    engine = DetectionEngine.builtIn(EngineSetup.options(llmtrace));
    ModelWatch.start(engine);
    policies = BundleKeeper.open(config, Clock.systemUTC());
    Analysis analysis = new EngineAnalysis(engine, config.dialects(), policies::table);
    if (served) {
      awaitModels();
    }
    WarmUp.run(analysis, served ? WARM_UP_WHILE_SERVED : WARM_UP, JVM);
    answers = new AnswerInspector(engine, config.answers(), meters);
    answers.warmUp();
    OpenQuestions questions =
        config.answers().inspect()
            ? new OpenQuestions(engine.sourceBytes(), meters)
            : OpenQuestions.withoutFingerprints(meters);
    telemetry = Telemetry.open(telemetrySettings(config), meters);
    capture =
        ContentCapture.open(
            engine, config.node(), telemetry.client(), config.capture().maxBytesInMemory(), meters);
    InspectionService.Settings size = InspectionService.Settings.of(config);
    held =
        new AnswerEnforcer(
            new AnswerEnforcer.Settings(size.workers(), size.queue()),
            engine,
            answers,
            new AnswerVerdicts(policies::table, ids),
            questions,
            ids,
            meters);
    PriceTable listed = PriceTable.with(llmtrace.prices());
    AtomicReference<PriceTable> prices = new AtomicReference<>(listed);
    // Opened in the order they need each other; what is open is closed again if a later one fails.
    // Not before: a predecessor goes on spending while models are warmed up.
    limits = Limits.open(llmtrace.limits(), config.dataDirectory(), PromptTokens::estimate, meters);
    policies.listen(table -> limits.policies().use(table.budgets()));
    // Before anybody can ask for problems; it has nothing to ask for until there is traffic.
    shares =
        ShareExchange.start(
            telemetry.client(),
            new ShareExchange.Parts(
                config.node() + "/" + telemetry.bootId(),
                limits.nodeShares(),
                config.budgetsAlone(),
                telemetry::acknowledgedFor,
                stored -> prices.set(listed.with(stored))),
            meters);
    sync = BundleSync.start(telemetry.client(), config, policies, meters);
    try {
      requests =
          opener.open(
              llmtrace,
              telemetry.bootId(),
              analysis,
              telemetry,
              ids,
              limits,
              questions,
              capture,
              held,
              meters);
      callouts =
          new Callouts(
              requests.inspection(),
              requests.memory(),
              config.maxRequestBody(),
              RunnerConfs.ofCallouts(RouteConfReader.of(config), meters),
              meters);
      status =
          new PluginStatus(
              startedAt, config, engine, requests, callouts, limits, shares, policies, sync,
              telemetry, capture);
      try {
        local =
            LocalServer.start(
                config.bind(), config.port(), endpoints(meters, ids, questions, prices::get));
      } catch (IOException e) {
        requests.close();
        throw e;
      }
    } catch (IOException e) {
      sync.close();
      shares.close();
      limits.close();
      held.close();
      answers.close();
      capture.close();
      telemetry.close();
      throw e;
    }
    telemetry.start(status::snapshot);
    warmingUp = WarmUp.goOn(analysis, WARM_UP_BESIDE, JVM);
  }

  /**
   * Starts everything on a socket of our own, and takes over from a process that serves it.
   *
   * @throws IOException if a directory, the socket or the port cannot be used
   */
  public static PluginProcess<PluginHost> start(LlmtraceConfig config) throws IOException {
    PluginProcess<PluginHost> process =
        new PluginProcess<>(config, PluginHost::start, A6Server.isServed(config.plugin().socket()));
    log.info(
        "plugin listens for the gateway on {} and for the tap on port {}",
        process.requestSide().socket(),
        process.localPort());
    // The port belongs to the successor from now on: health, metrics and the tap are asked there.
    var unused =
        process
            .requestSide()
            .superseded()
            .thenRunAsync(
                process::handOver, task -> new Thread(task, "llmtrace-superseded").start());
    return process;
  }

  /**
   * Starts everything but a socket: a stock runner has that, and asks.
   *
   * @throws IOException if a directory or the port cannot be used
   */
  public static PluginProcess<FilterHost> startInRunner(LlmtraceConfig config) throws IOException {
    PluginProcess<FilterHost> process = new PluginProcess<>(config, FilterHost::start, false);
    log.info("filter ready, the tap listens on port {}", process.localPort());
    return process;
  }

  /** A successor that inspects less than its predecessor would be no gain; a model may fail. */
  private void awaitModels() throws IOException {
    try {
      if (!engine.awaitModels(MODELS_WHILE_SERVED)) {
        log.warn(
            "models are still loading after {}; taking over without them", MODELS_WHILE_SERVED);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("stopped while models were loading");
    }
  }

  private void handOver() {
    local.close();
    limits.superseded();
  }

  /** What takes the requests. */
  public S requestSide() {
    return requests;
  }

  /** The port of {@code /health}, {@code /metrics} and the tap. */
  public int localPort() {
    return local.port();
  }

  /** Answers what is in flight, sends what can be sent within seconds, leaves the rest on disk. */
  @Override
  public void close() throws IOException {
    log.info("plugin stops");
    warmingUp.interrupt();
    callouts.drain(config.drainTimeout());
    requests.close();
    held.close();
    local.close();
    limits.close();
    answers.close();
    capture.close();
    sync.close();
    shares.close();
    telemetry.close();
    log.info("plugin stopped");
  }

  private static TelemetrySettings telemetrySettings(PluginConfig config) {
    Secret key = config.apiKey();
    return new TelemetrySettings(
        config.dataDirectory(),
        config.node(),
        config.controlPlaneUrl(),
        () -> key == null ? "" : key.reveal(),
        config.spool().maxBytes(),
        config.spool().segmentMaxBytes(),
        config.spool().flushInterval(),
        config.reportInterval(),
        TelemetrySettings.Pacing.standard(),
        config.controlPlaneTls());
  }

  private LocalServer.Endpoints endpoints(
      PrometheusMeterRegistry meters,
      DecisionIds ids,
      OpenQuestions questions,
      Supplier<PriceTable> prices)
      throws IOException {
    Secret inspectKey = config.inspectKey();
    return new LocalServer.Endpoints(
        status::health,
        meters,
        new Tap(
            TapSecret.of(config),
            ids,
            questions,
            new Apis(config.dialects(), this::dialect),
            answers,
            telemetry,
            prices,
            limits::completed,
            this::answered,
            requests.memory(),
            meters),
        inspectKey == null ? null : inspectKey::matches,
        new TextInspector(engine, new DecisionEngine(), config.budget()),
        callouts);
  }

  private @Nullable Api dialect(String route) {
    Api asked = requests.dialect(route);
    return asked == null ? callouts.dialect(route) : asked;
  }

  private void answered(String decisionId, Api api, String body, @Nullable AnswerInspection seen) {
    capture.answer(
        decisionId,
        api,
        body,
        seen == null
            ? new SeenElsewhere(List.of(), List.of(), false)
            : new SeenElsewhere(
                seen.findings(),
                seen.receipt().missingStages(),
                seen.receipt().coverage() != Coverage.UNINSPECTED));
  }
}
