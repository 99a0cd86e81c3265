package io.llmtrace.plugin;

import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.capture.ContentCapture;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.conf.RunnerConfs;
import io.llmtrace.plugin.enforcement.RequestRedaction;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.AnswerHandler;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.gateway.GatewayRequest.BodyState;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.identity.Identities;
import io.llmtrace.plugin.inspection.Analysis;
import io.llmtrace.plugin.inspection.AnalysisBreaker;
import io.llmtrace.plugin.inspection.InspectionService;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.BodyBytes;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.files.PrivateFiles;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The request side inside a stock runner, which has the socket, the tokens and the frames. The same
 * inspection as behind our own server; only the waiting differs. Thread-safe.
 */
public final class FilterHost implements RequestSide {
  /*
   * The runner writes its answer as soon as the filter chain returns, so a filter has to keep the
   * runner's event loop until there is a decision. The budget bounds that; this is what is added
   * for a scheduler that is late.
   */
  private static final long PATIENCE_MILLIS = InspectionService.STORAGE_GRACE_MILLIS + 250;

  private final long startedNanos = System.nanoTime();
  private final RunnerConfs confs;
  private final AnalysisBreaker breaker;
  private final InspectionService service;
  private final MemoryBudget memory;
  private final long maxRequestBody;
  private final Counter unanswered;

  /**
   * A request as a stock runner tells of it.
   *
   * @param conf the route's configuration, or null where it has none
   * @param method upper-case HTTP method
   * @param path decoded, normalised path without query
   * @param headers by lower-case name
   * @param body the body, one char a byte as the runner reads it, or null where there is none
   * @param route the gateway's route id, empty where it named none
   * @param consumer the gateway's consumer, empty where there is none
   * @param requestId the gateway's own request id, empty where it named none
   * @param remoteAddress the client's address as text
   */
  public record Call(
      @Nullable String conf,
      String method,
      String path,
      Map<String, String> headers,
      @Nullable String body,
      String route,
      String consumer,
      String requestId,
      String remoteAddress) {}

  private FilterHost(
      RunnerConfs confs,
      AnalysisBreaker breaker,
      InspectionService service,
      PluginConfig plugin,
      MeterRegistry meters) {
    this.confs = confs;
    this.breaker = breaker;
    this.service = service;
    this.memory = new MemoryBudget(plugin.maxBodyBytesInMemory());
    this.maxRequestBody = plugin.maxRequestBody();
    this.unanswered =
        Counter.builder("llmtrace_plugin_unanswered")
            .description("Requests that passed because nobody decided in time")
            .register(meters);
  }

  /**
   * Readies the inspection.
   *
   * @param bootId random name of this process, at most 16 characters
   * @param answers not used: a stock runner shows a filter no answer that it could change
   * @throws IOException if the data directory cannot be made
   */
  public static FilterHost start(
      LlmtraceConfig config,
      String bootId,
      Analysis analysis,
      TelemetrySink sink,
      DecisionIds ids,
      Limits limits,
      OpenQuestions questions,
      ContentCapture capture,
      AnswerHandler answers,
      MeterRegistry meters)
      throws IOException {
    PluginConfig plugin = config.plugin();
    PrivateFiles.createDirectories(plugin.dataDirectory());
    AnalysisBreaker breaker = new AnalysisBreaker(config.circuitBreaker(), plugin.node(), meters);
    InspectionService service =
        new InspectionService(
            InspectionService.Settings.of(plugin),
            analysis,
            sink,
            ids,
            new Identities(plugin.identity(), meters),
            limits,
            questions,
            capture,
            breaker,
            RequestRedaction.unable(),
            meters);
    return new FilterHost(
        new RunnerConfs(RouteConfReader.of(plugin), meters), breaker, service, plugin, meters);
  }

  /**
   * Inspects, and waits for the decision: at most the route's budget and half a second.
   *
   * @return what to tell the gateway, or null where nobody decided in time: the request goes on
   */
  public @Nullable Answer decide(Call call) {
    RouteConf conf = confs.find(call.route(), call.conf());
    String text = call.body() == null ? "" : call.body();
    BodyState state = BodyState.READ;
    MemoryBudget.Lease lease = MemoryBudget.Lease.NONE;
    if (text.length() > maxRequestBody) {
      state = BodyState.TOO_LARGE;
    } else if (!text.isEmpty()) {
      MemoryBudget.Lease taken = memory.take(text.length());
      if (taken == null) {
        state = BodyState.NO_MEMORY;
      } else {
        lease = taken;
      }
    }
    BodyBytes body =
        state == BodyState.READ
            ? BodyBytes.of(text.getBytes(StandardCharsets.ISO_8859_1))
            : BodyBytes.NONE;
    CompletableFuture<Answer> decided = new CompletableFuture<>();
    service.handle(
        new GatewayRequest(
            conf,
            call.method(),
            call.path(),
            call.headers(),
            body,
            state,
            text.length(),
            call.route(),
            call.consumer(),
            call.requestId(),
            call.remoteAddress(),
            System.nanoTime()),
        lease,
        decided::complete);
    try {
      return decided.get(conf.budgetMs() + PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      unanswered.increment();
      return null;
    } catch (InterruptedException e) {
      // The runner is shutting down: let the request through and keep the mark for its loop.
      Thread.currentThread().interrupt();
      unanswered.increment();
      return null;
    } catch (ExecutionException e) {
      throw new IllegalStateException("an answer cannot fail", e);
    }
  }

  @Override
  public InspectionService inspection() {
    return service;
  }

  @Override
  public MemoryBudget memory() {
    return memory;
  }

  @Override
  public Map<String, String> breakers() {
    return Map.of("analysis", breaker.state());
  }

  @Override
  public List<NodeSnapshot.RouteSettings> routes() {
    return confs.settings();
  }

  @Override
  public @Nullable Api dialect(String route) {
    return confs.dialect(route);
  }

  @Override
  public List<String> problems() {
    return confs.problems();
  }

  @Override
  public Map<String, Object> health() {
    String state = breaker.state();
    List<String> problems = problems();
    Map<String, Object> health = new LinkedHashMap<>();
    health.put("status", state.equals("closed") && problems.isEmpty() ? "healthy" : "degraded");
    health.put("circuit_breaker", state);
    health.put("uptime", (System.nanoTime() - startedNanos) / 1_000_000_000L);
    health.put("routes", confs.settings().size());
    health.put("problems", problems);
    return health;
  }

  @Override
  public void close() {
    service.close();
  }
}
