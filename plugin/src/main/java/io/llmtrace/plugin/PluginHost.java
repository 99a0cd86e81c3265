package io.llmtrace.plugin;

import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.capture.ContentCapture;
import io.llmtrace.plugin.conf.ConfTable;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.enforcement.RequestRedaction;
import io.llmtrace.plugin.gateway.A6Server;
import io.llmtrace.plugin.gateway.AnswerHandler;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.identity.Identities;
import io.llmtrace.plugin.inspection.Analysis;
import io.llmtrace.plugin.inspection.AnalysisBreaker;
import io.llmtrace.plugin.inspection.InspectionService;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.runtime.files.PrivateFiles;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The request side of the plugin: the A6 server, the inspection service behind it, and what both
 * need. Thread-safe.
 */
public final class PluginHost implements RequestSide {
  private final Path socket;
  private final long startedNanos = System.nanoTime();
  private final ConfTable confs;
  private final AnalysisBreaker breaker;
  private final InspectionService service;
  private final MemoryBudget memory;
  private final A6Server server;

  private PluginHost(
      Path socket,
      ConfTable confs,
      AnalysisBreaker breaker,
      InspectionService service,
      MemoryBudget memory,
      A6Server server) {
    this.socket = socket;
    this.confs = confs;
    this.breaker = breaker;
    this.service = service;
    this.memory = memory;
    this.server = server;
  }

  /**
   * Listens, and takes over from a process that listens on the same socket.
   *
   * @param bootId random name of this process, at most 16 characters
   * @throws IOException if the data directory or the socket cannot be used
   */
  public static PluginHost start(
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
    ConfTable confs = ConfTable.open(plugin.dataDirectory(), RouteConfReader.of(plugin), meters);
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
            RequestRedaction.create(meters),
            meters);
    MemoryBudget memory = new MemoryBudget(plugin.maxBodyBytesInMemory());
    try {
      A6Server server =
          A6Server.start(
              new A6Server.Settings(
                  plugin.socket(), bootId, plugin.maxRequestBody(), plugin.drainTimeout()),
              confs,
              memory,
              service,
              answers,
              meters);
      return new PluginHost(plugin.socket(), confs, breaker, service, memory, server);
    } catch (IOException e) {
      service.close();
      confs.close();
      throw e;
    }
  }

  /** Where the gateway connects. */
  public Path socket() {
    return socket;
  }

  /** Completes when a successor has taken over; what is still connected is served on. */
  public CompletableFuture<Void> superseded() {
    return server.superseded();
  }

  /** Completes when a successor has taken over and nothing is left to do. */
  public CompletableFuture<Void> drained() {
    return server.drained();
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
    health.put("gateway_connections", server.connections());
    health.put("draining", server.draining());
    health.put("routes", confs.settings().size());
    health.put("problems", problems);
    return health;
  }

  /** Answers what is in flight, then stops. */
  @Override
  public void close() {
    server.close();
    service.close();
    confs.close();
  }
}
