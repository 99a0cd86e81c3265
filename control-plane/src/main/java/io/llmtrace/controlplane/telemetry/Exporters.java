package io.llmtrace.controlplane.telemetry;

import io.llmtrace.runtime.config.TelemetryConfig;
import io.llmtrace.runtime.config.TelemetryConfig.Protocol;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/** Exporters of the SDK as a configuration says, on our ways out. */
final class Exporters {
  private final TelemetryConfig config;
  private final URI endpoint;
  private final Senders senders;

  /**
   * @param config with an endpoint
   */
  Exporters(TelemetryConfig config, Senders senders) {
    this.config = config;
    this.endpoint = Objects.requireNonNull(config.endpoint());
    this.senders = senders;
  }

  SpanExporter spans() {
    return config.protocol() == Protocol.GRPC
        ? OtlpGrpcSpanExporter.builder()
            .setComponentLoader(senders)
            .setEndpoint(server())
            .setHeaders(headers())
            .build()
        : OtlpHttpSpanExporter.builder()
            .setComponentLoader(senders)
            .setEndpoint(signal("/v1/traces"))
            .setHeaders(headers())
            .setCompression("gzip")
            .build();
  }

  MetricExporter metrics() {
    return config.protocol() == Protocol.GRPC
        ? OtlpGrpcMetricExporter.builder()
            .setComponentLoader(senders)
            .setEndpoint(server())
            .setHeaders(headers())
            .build()
        : OtlpHttpMetricExporter.builder()
            .setComponentLoader(senders)
            .setEndpoint(signal("/v1/metrics"))
            .setHeaders(headers())
            .setCompression("gzip")
            .build();
  }

  private String server() {
    return endpoint.getScheme() + "://" + endpoint.getRawAuthority();
  }

  private String signal(String path) {
    return endpoint.toString().replaceAll("/+$", "") + path;
  }

  private Supplier<Map<String, String>> headers() {
    Map<String, String> plain = new HashMap<>();
    config.headers().forEach((name, value) -> plain.put(name, value.reveal()));
    Map<String, String> all = Map.copyOf(plain);
    return () -> all;
  }
}
