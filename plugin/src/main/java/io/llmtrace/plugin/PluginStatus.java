package io.llmtrace.plugin;

import io.llmtrace.plugin.callout.Callouts;
import io.llmtrace.plugin.capture.ContentCapture;
import io.llmtrace.plugin.limits.Limits;
import io.llmtrace.plugin.policies.BundleKeeper;
import io.llmtrace.plugin.policies.BundleSync;
import io.llmtrace.plugin.shares.ShareExchange;
import io.llmtrace.plugin.telemetry.Telemetry;
import io.llmtrace.policies.detect.classify.ModelState;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.runtime.config.PluginConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a process says of itself: to whoever asks its port, and to the control plane. Thread-safe.
 */
final class PluginStatus {
  /** That the control plane is told of. */
  private static final int MOST_ROUTES = 500;

  private static final int MOST_PROBLEMS = 200;

  private final PluginConfig config;
  private final DetectionEngine engine;
  private final RequestSide requests;
  private final Callouts callouts;
  private final Limits limits;
  private final ShareExchange shares;
  private final BundleKeeper policies;
  private final BundleSync sync;
  private final Telemetry telemetry;
  private final ContentCapture capture;
  private final long startedAt;

  /**
   * @param startedAt epoch milliseconds
   */
  PluginStatus(
      long startedAt,
      PluginConfig config,
      DetectionEngine engine,
      RequestSide requests,
      Callouts callouts,
      Limits limits,
      ShareExchange shares,
      BundleKeeper policies,
      BundleSync sync,
      Telemetry telemetry,
      ContentCapture capture) {
    this.startedAt = startedAt;
    this.config = config;
    this.engine = engine;
    this.requests = requests;
    this.callouts = callouts;
    this.limits = limits;
    this.shares = shares;
    this.policies = policies;
    this.sync = sync;
    this.telemetry = telemetry;
    this.capture = capture;
  }

  /** The body of {@code /health}. */
  Map<String, Object> health() {
    Map<String, Object> health = new LinkedHashMap<>(requests.health());
    List<String> problems = problems();
    health.put("node", config.node());
    health.put("control_plane", breakers().get("control_plane"));
    health.put("ml_models", models());
    health.put("spool_bytes", telemetry.spoolBytes());
    health.put("problems", problems);
    if (!problems.isEmpty()) {
      health.put("status", "degraded");
    }
    return health;
  }

  private Map<String, String> breakers() {
    Map<String, String> breakers = new LinkedHashMap<>(requests.breakers());
    String state = telemetry.breaker().getState().name().toLowerCase(Locale.ROOT);
    breakers.put("control_plane", state);
    return breakers;
  }

  private Map<String, String> models() {
    Map<String, String> models = new LinkedHashMap<>();
    engine.models().forEach((name, state) -> models.put(name, state.status().label()));
    return models;
  }

  private List<String> problems() {
    List<String> problems = new ArrayList<>(requests.problems());
    problems.addAll(callouts.problems());
    engine
        .models()
        .forEach(
            (name, state) -> {
              if (state.status() == ModelState.Status.FAILED) {
                problems.add(state.reason());
              }
            });
    problems.addAll(limits.problems());
    problems.addAll(shares.problems());
    problems.addAll(sync.problems());
    routes().forEach(route -> unknownPolicy(route, problems));
    problems.addAll(telemetry.problems());
    problems.addAll(capture.problems());
    return problems;
  }

  private List<NodeSnapshot.RouteSettings> routes() {
    List<NodeSnapshot.RouteSettings> routes = new ArrayList<>(requests.routes());
    routes.addAll(callouts.routes());
    return routes;
  }

  /** The control plane takes snapshots of a bounded size; the rest is on this node's own page. */
  private static <T> List<T> first(int most, List<T> all) {
    return all.subList(0, Math.min(most, all.size()));
  }

  /** The tenant's standard decides there, which is not what somebody meant. */
  private void unknownPolicy(NodeSnapshot.RouteSettings route, List<String> problems) {
    String name = route.values().getOrDefault("policy", "");
    if (route.sources().getOrDefault("policy", "").equals("route")
        && policies.table().lacks(route.values().getOrDefault("tenant", ""), name)) {
      problems.add(
          route.key()
              + ": policy: "
              + name
              + " is not among those of bundle "
              + policies.table().revision()
              + ", the standard policy decides");
    }
  }

  /** What the control plane is told. */
  NodeSnapshot snapshot() {
    String version = PluginProcess.class.getPackage().getImplementationVersion();
    return new NodeSnapshot(
        config.node(),
        telemetry.bootId(),
        System.currentTimeMillis(),
        version == null ? "development" : version,
        startedAt,
        breakers(),
        telemetry.openExchanges().count(),
        models(),
        policies.table().revision(),
        telemetry.spoolBytes(),
        first(MOST_ROUTES, routes()),
        first(MOST_PROBLEMS, problems()),
        telemetry.accounts());
  }
}
