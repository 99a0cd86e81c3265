package io.llmtrace.controlplane.telemetry;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Queue;

/**
 * What became of exchanges and histograms on their way to a collector, counted by the replica that
 * sends them. Each exchange ends in one result. Thread-safe.
 */
final class TelemetryMeters {
  private final MeterRegistry meters;
  final Counter exported;
  final Counter rejected;
  final Counter failed;
  final Counter dropped;
  final Counter unreadable;
  final Counter metricsExported;
  final Counter metricsFailed;

  TelemetryMeters(MeterRegistry meters) {
    this.meters = meters;
    this.exported = exchanges("exported");
    this.rejected = exchanges("rejected");
    this.failed = exchanges("failed");
    this.dropped = exchanges("dropped");
    this.unreadable = exchanges("unreadable");
    this.metricsExported = metrics("exported");
    this.metricsFailed = metrics("failed");
  }

  private Counter exchanges(String result) {
    return Counter.builder("llmtrace.telemetry.exchanges")
        .description("Exchanges for OpenTelemetry, by what became of them")
        .tag("result", result)
        .register(meters);
  }

  private Counter metrics(String result) {
    return Counter.builder("llmtrace.telemetry.metric.exports")
        .description("Exports of OpenTelemetry metrics, by what came of them")
        .tag("result", result)
        .register(meters);
  }

  void waiting(Queue<?> queue) {
    Gauge.builder("llmtrace.telemetry.waiting", queue, Queue::size)
        .description("Exchanges that wait to be sent as OpenTelemetry")
        .register(meters);
  }
}
