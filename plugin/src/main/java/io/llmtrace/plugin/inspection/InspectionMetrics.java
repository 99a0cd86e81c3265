package io.llmtrace.plugin.inspection;

import io.llmtrace.policies.wire.InspectionRecord;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Names of what an inspection counts, in one place. Thread-safe. */
final class InspectionMetrics {
  private final MeterRegistry meters;

  // A registry makes a name, tags and settings anew to find what it has: kilobytes an exchange.
  private final Map<String, Map<String, Counter>> exchanges = new ConcurrentHashMap<>();
  private final Map<String, Timer> stages = new ConcurrentHashMap<>();

  InspectionMetrics(MeterRegistry meters) {
    this.meters = meters;
  }

  void exchange(InspectionRecord inspection) {
    exchanges
        .computeIfAbsent(inspection.outcome(), outcome -> new ConcurrentHashMap<>())
        .computeIfAbsent(
            inspection.receipt().reason(), reason -> counter(inspection.outcome(), reason))
        .increment();
    inspection
        .stagesMicros()
        .forEach((stage, micros) -> timerOf(stage).record(micros, TimeUnit.MICROSECONDS));
  }

  private Timer timerOf(String stage) {
    // Asked first: computing takes a lock where names share a bin.
    Timer known = stages.get(stage);
    return known == null ? stages.computeIfAbsent(stage, this::timer) : known;
  }

  private Counter counter(String outcome, String reason) {
    return Counter.builder("llmtrace_plugin_exchanges")
        .description("Exchanges by what became of them")
        .tag("outcome", outcome)
        .tag("reason", reason)
        .register(meters);
  }

  private Timer timer(String stage) {
    return Timer.builder("llmtrace_plugin_inspection")
        .description("Time by stage")
        .tag("stage", stage)
        .serviceLevelObjectives(
            Duration.ofNanos(100_000),
            Duration.ofMillis(1),
            Duration.ofMillis(5),
            Duration.ofMillis(20),
            Duration.ofMillis(50),
            Duration.ofMillis(150),
            Duration.ofSeconds(1))
        .register(meters);
  }

  /** A fault of ours: the engine's, the pool's, or storage's. */
  void fault(String kind) {
    Counter.builder("llmtrace_plugin_faults")
        .description("Faults that the analysis breaker counts")
        .tag("kind", kind)
        .register(meters)
        .increment();
  }

  /** A record that nobody will ever see. */
  void recordLost(String reason) {
    Counter.builder("llmtrace_plugin_inspections_unrecorded")
        .description("Inspections answered without a record")
        .tag("reason", reason)
        .register(meters)
        .increment();
  }
}
