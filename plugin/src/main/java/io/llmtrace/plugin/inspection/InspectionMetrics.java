package io.llmtrace.plugin.inspection;

import io.llmtrace.policies.wire.InspectionRecord;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Names of what an inspection counts, in one place. Thread-safe. */
final class InspectionMetrics {
  private final MeterRegistry meters;

  InspectionMetrics(MeterRegistry meters) {
    this.meters = meters;
  }

  void exchange(InspectionRecord inspection) {
    Counter.builder("llmtrace_plugin_exchanges")
        .description("Exchanges by what became of them")
        .tag("outcome", inspection.outcome())
        .tag("reason", inspection.receipt().reason())
        .register(meters)
        .increment();
    inspection
        .stagesMicros()
        .forEach(
            (stage, micros) ->
                Timer.builder("llmtrace_plugin_inspection")
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
                    .register(meters)
                    .record(micros, TimeUnit.MICROSECONDS));
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
