package io.llmtrace.controlplane;

import io.llmtrace.controlplane.ingest.ExchangeListener;
import io.llmtrace.controlplane.ingest.Ingest;
import io.llmtrace.controlplane.ingest.WireBody;
import io.llmtrace.controlplane.otlp.TracesResource;
import io.llmtrace.controlplane.siem.Siem;
import io.llmtrace.controlplane.telemetry.Telemetry;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.List;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** What other systems get from here and send here, by standards that are not ours. */
final class TelemetryParts implements AutoCloseable {
  private final @Nullable Telemetry telemetry;
  private final Siem siem;
  private final Supplier<Jdbi> jdbi;
  private final MeterRegistry meters;

  private TelemetryParts(
      @Nullable Telemetry telemetry, Siem siem, Supplier<Jdbi> jdbi, MeterRegistry meters) {
    this.telemetry = telemetry;
    this.siem = siem;
    this.jdbi = jdbi;
    this.meters = meters;
  }

  static TelemetryParts of(
      ControlPlaneConfig own, String slot, Supplier<Jdbi> jdbi, MeterRegistry meters) {
    return new TelemetryParts(
        Telemetry.of(own.telemetry(), slot, jdbi, meters),
        new Siem(own.siem(), jdbi, meters, Clock.systemUTC()),
        jdbi,
        meters);
  }

  /** What is told of exchanges that are committed. */
  ExchangeListener listener() {
    return telemetry == null ? ExchangeListener.NONE : telemetry;
  }

  List<Object> resources(LlmtraceConfig config, WireBody bodies, Ingest ingest, Clock clock) {
    ControlPlaneConfig own = config.controlPlane();
    return own.otlpIngest().enabled()
        ? List.of(
            new TracesResource(
                own.otlpIngest(), bodies, ingest, config.prices(), jdbi, meters, clock))
        : List.of();
  }

  /** Begins to send findings. */
  void start() {
    siem.start();
  }

  @Override
  public void close() {
    siem.close();
    if (telemetry != null) {
      telemetry.close();
    }
  }
}
