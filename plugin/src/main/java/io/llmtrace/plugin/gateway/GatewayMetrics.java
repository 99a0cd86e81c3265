package io.llmtrace.plugin.gateway;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Names of what the host counts, in one place. Thread-safe. */
final class GatewayMetrics {
  private final MeterRegistry meters;

  // Found once: a registry makes a name and tags anew each time that it is asked.
  private final Map<String, Counter> frames = new ConcurrentHashMap<>();
  private final Map<String, Counter> answers = new ConcurrentHashMap<>();

  GatewayMetrics(MeterRegistry meters, Collection<A6Connection> connections, MemoryBudget memory) {
    this.meters = meters;
    Gauge.builder("llmtrace_plugin_gateway_connections", connections, Collection::size)
        .description("Connections from the gateway")
        .register(meters);
    Gauge.builder("llmtrace_plugin_body_bytes", memory, MemoryBudget::used)
        .description("Bytes of request bodies held in memory")
        .register(meters);
  }

  void frame(int type) {
    frames.computeIfAbsent(Frame.name(type), this::frames).increment();
  }

  private Counter frames(String type) {
    return Counter.builder("llmtrace_plugin_frames")
        .description("Frames from the gateway")
        .tag("type", type)
        .register(meters);
  }

  void answered(String action) {
    answers.computeIfAbsent(action, this::answers).increment();
  }

  private Counter answers(String action) {
    return Counter.builder("llmtrace_plugin_answers")
        .description("Answers to the gateway")
        .tag("action", action)
        .register(meters);
  }

  /** A connection that we closed because its state was in doubt, or its work was done. */
  void closed(String reason) {
    Counter.builder("llmtrace_plugin_connections_closed")
        .description("Connections from the gateway that the plugin closed")
        .tag("reason", reason)
        .register(meters)
        .increment();
  }

  /** An answer that came after another one, or after the gateway had gone: dropped. */
  void lateAnswer() {
    Counter.builder("llmtrace_plugin_late_answers")
        .description("Answers that came too late and were dropped")
        .register(meters)
        .increment();
  }
}
