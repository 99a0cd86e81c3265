package io.llmtrace.runtime.config;

import io.llmtrace.policies.limit.Limit;
import io.llmtrace.policies.usage.Price;
import java.util.List;

/**
 * Everything that {@code llmtrace.yaml} can say, typed and in range. Immutable.
 *
 * @param logging level and form of the log
 * @param alerts where alerts go
 * @param circuitBreaker the analysis breaker of a node
 * @param metrics who may read the control plane's metrics
 * @param controlPlane the control plane's own section
 * @param plugin the plugin's own section
 * @param detection what is looked for, and how carefully
 * @param models classifiers that somebody brought, in the order in which they are asked
 * @param limits what tenants, consumers, routes, models and agents may use
 * @param prices what models cost where the shipped table is not right
 */
public record LlmtraceConfig(
    LoggingConfig logging,
    AlertsConfig alerts,
    BreakerConfig circuitBreaker,
    MetricsConfig metrics,
    ControlPlaneConfig controlPlane,
    PluginConfig plugin,
    DetectionConfig detection,
    List<ModelConfig> models,
    List<Limit> limits,
    List<Price> prices) {

  public LlmtraceConfig {
    models = List.copyOf(models);
    limits = List.copyOf(limits);
    prices = List.copyOf(prices);
  }

  /** The configuration of an empty file. */
  public static LlmtraceConfig defaults() {
    return new LlmtraceConfig(
        LoggingConfig.defaults(),
        AlertsConfig.none(),
        BreakerConfig.defaults(),
        MetricsConfig.defaults(),
        ControlPlaneConfig.defaults(),
        PluginConfig.defaults(System.getenv()),
        DetectionConfig.defaults(),
        List.of(),
        List.of(),
        List.of());
  }

  public LlmtraceConfig withAlerts(AlertsConfig changed) {
    return new LlmtraceConfig(
        logging,
        changed,
        circuitBreaker,
        metrics,
        controlPlane,
        plugin,
        detection,
        models,
        limits,
        prices);
  }

  public LlmtraceConfig withMetrics(MetricsConfig changed) {
    return new LlmtraceConfig(
        logging,
        alerts,
        circuitBreaker,
        changed,
        controlPlane,
        plugin,
        detection,
        models,
        limits,
        prices);
  }

  public LlmtraceConfig withControlPlane(ControlPlaneConfig changed) {
    return new LlmtraceConfig(
        logging,
        alerts,
        circuitBreaker,
        metrics,
        changed,
        plugin,
        detection,
        models,
        limits,
        prices);
  }

  public LlmtraceConfig withPlugin(PluginConfig changed) {
    return new LlmtraceConfig(
        logging,
        alerts,
        circuitBreaker,
        metrics,
        controlPlane,
        changed,
        detection,
        models,
        limits,
        prices);
  }

  public LlmtraceConfig withDetection(DetectionConfig changed, List<ModelConfig> own) {
    return new LlmtraceConfig(
        logging,
        alerts,
        circuitBreaker,
        metrics,
        controlPlane,
        plugin,
        changed,
        own,
        limits,
        prices);
  }

  public LlmtraceConfig withLimits(List<Limit> changed) {
    return new LlmtraceConfig(
        logging,
        alerts,
        circuitBreaker,
        metrics,
        controlPlane,
        plugin,
        detection,
        models,
        changed,
        prices);
  }
}
