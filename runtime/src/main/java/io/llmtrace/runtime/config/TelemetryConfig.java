package io.llmtrace.runtime.config;

import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code control_plane.telemetry}: exchanges as traces and metrics of OpenTelemetry.
 *
 * @param endpoint of a collector; {@code null} sends nothing. By HTTP {@code /v1/traces} and {@code
 *     /v1/metrics} are added to its path
 * @param headers sent with every export, by name
 * @param traces whether a span an exchange is sent
 * @param metrics whether histograms of tokens and durations are sent
 * @param conventions the version of the GenAI conventions that names come from
 * @param content what spans show of what was said
 * @param serviceName {@code service.name} of all of it
 * @param metricsInterval between two exports of the histograms
 * @param queue exchanges that may wait to be sent; more are dropped and counted
 * @param allowPrivateTargets hosts, or {@code host:port}, that may be private and spoken to without
 *     TLS
 */
public record TelemetryConfig(
    @Nullable URI endpoint,
    Protocol protocol,
    Map<String, Secret> headers,
    boolean traces,
    boolean metrics,
    Conventions conventions,
    Content content,
    String serviceName,
    Duration metricsInterval,
    int queue,
    Set<String> allowPrivateTargets) {

  public TelemetryConfig {
    headers = Map.copyOf(headers);
    allowPrivateTargets = Set.copyOf(allowPrivateTargets);
  }

  /** How OTLP travels. */
  public enum Protocol {
    /** HTTP/1.1 with protobuf. */
    HTTP,
    GRPC
  }

  /** What is sent of what was said. */
  public enum Content {
    NONE,
    /** The masked evidence of findings. */
    EVIDENCE
  }

  /** A version of the semantic conventions. */
  public enum Conventions {
    /** The last one with {@code gen_ai.system}. */
    V1_36("1.36"),
    /** The first one with {@code gen_ai.provider.name}. */
    V1_37("1.37");

    private final String version;

    Conventions(String version) {
      this.version = version;
    }

    /** As configurations write it. */
    public String version() {
      return version;
    }

    /** The address of its schema, which says to receivers which version they have. */
    public String schema() {
      return "https://opentelemetry.io/schemas/" + version + ".0";
    }

    static Optional<Conventions> of(String version) {
      return Arrays.stream(values()).filter(each -> each.version.equals(version)).findFirst();
    }

    static List<String> versions() {
      return Arrays.stream(values()).map(Conventions::version).toList();
    }
  }

  /** Nothing is sent. */
  public static TelemetryConfig none() {
    return new TelemetryConfig(
        null,
        Protocol.HTTP,
        Map.of(),
        true,
        true,
        Conventions.V1_37,
        Content.NONE,
        "llmtrace",
        Duration.ofSeconds(60),
        16_384,
        Set.of());
  }

  /** Sends to a host that may be private, all else as shipped. */
  public static TelemetryConfig to(URI endpoint, Protocol protocol) {
    TelemetryConfig none = none();
    return new TelemetryConfig(
        endpoint,
        protocol,
        none.headers,
        none.traces,
        none.metrics,
        none.conventions,
        none.content,
        none.serviceName,
        none.metricsInterval,
        none.queue,
        Set.of(endpoint.getHost()));
  }
}
