package io.llmtrace.runtime.config;

import io.llmtrace.runtime.config.TelemetryConfig.Conventions;
import io.llmtrace.runtime.config.TelemetryConfig.Protocol;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code control_plane.telemetry}. Stateless. */
final class TelemetryReader {
  private static final Pattern HEADER = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}");
  private static final Set<String> OURS =
      Set.of("content-type", "content-length", "content-encoding", "host", "te");
  private static final int MOST_HEADERS = 32;

  private TelemetryReader() {}

  /**
   * The section.
   *
   * @param open whether files of secrets are opened
   */
  static TelemetryConfig read(ConfigSection section, boolean open) {
    TelemetryConfig none = TelemetryConfig.none();
    Protocol protocol = section.choice("protocol", Protocol.class, none.protocol());
    Set<String> allowed =
        section.strings(
            "allow_private_targets",
            "hosts such as collector.internal or 10.0.0.5:4317, without scheme and path",
            Targets.HOST.asMatchPredicate());
    @Nullable URI endpoint = endpoint(section, protocol, allowed);
    Map<String, Secret> headers = headers(section.section("headers"), open);
    boolean traces = section.bool("traces", none.traces());
    boolean metrics = section.bool("metrics", none.metrics());
    String versions = "one of " + String.join(", ", Conventions.versions()) + ", in quotes";
    String version =
        section.string(
            "semantic_conventions",
            none.conventions().version(),
            versions,
            text -> Conventions.of(text).isPresent());
    TelemetryConfig config =
        new TelemetryConfig(
            endpoint,
            protocol,
            headers,
            traces,
            metrics,
            Conventions.of(version).orElse(none.conventions()),
            section.choice("content", TelemetryConfig.Content.class, none.content()),
            section.string(
                "service_name",
                none.serviceName(),
                "a name of at most 200 characters",
                name -> name.length() <= 200 && !name.isBlank()),
            Duration.ofSeconds(
                section.integer(
                    "metrics_interval_seconds",
                    (int) none.metricsInterval().toSeconds(),
                    1,
                    3_600)),
            section.integer("queue", none.queue(), 512, 1_000_000),
            allowed);
    if (endpoint != null && !traces && !metrics) {
      section.problem(
          "endpoint", "expected traces: true or metrics: true beside it, or no endpoint");
    }
    if (!headers.isEmpty() && !section.has("endpoint")) {
      section.problem("headers", "expected endpoint beside it: without one nothing is sent");
    }
    section.finish();
    return config;
  }

  private static @Nullable URI endpoint(
      ConfigSection section, Protocol protocol, Set<String> allowed) {
    URI none = URI.create("https://localhost");
    URI endpoint = section.httpUrl("endpoint", none);
    if (endpoint.equals(none)) {
      return null;
    }
    if (endpoint.getRawUserInfo() != null) {
      section.problem("endpoint", "expected no user in it; headers take what is secret");
      return null;
    }
    if (endpoint.getRawQuery() != null || endpoint.getRawFragment() != null) {
      section.problem("endpoint", "expected an address without ? and #");
      return null;
    }
    String path = endpoint.getRawPath() == null ? "" : endpoint.getRawPath();
    if (protocol == Protocol.GRPC && !path.isEmpty() && !path.equals("/")) {
      section.problem(
          "endpoint", "expected host and port alone with protocol: grpc, was path " + path);
      return null;
    }
    if (protocol == Protocol.HTTP && path.endsWith("/v1/traces")) {
      section.problem(
          "endpoint", "expected the address without /v1/traces, which is added for each signal");
      return null;
    }
    if (endpoint.getScheme().equals("http") && !Targets.allowed(allowed, endpoint)) {
      section.problem(
          "endpoint",
          "expected https, or \""
              + endpoint.getHost()
              + "\" in allow_private_targets, which allows plain http and private addresses");
      return null;
    }
    return endpoint;
  }

  private static Map<String, Secret> headers(ConfigSection section, boolean open) {
    Map<String, Secret> headers = new LinkedHashMap<>();
    if (section.keys().size() > MOST_HEADERS) {
      section.problem("", "expected at most " + MOST_HEADERS + " headers");
    }
    for (String name : section.keys()) {
      @Nullable Secret value = section.secret(name, open);
      String lower = name.toLowerCase(Locale.ROOT);
      if (!HEADER.matcher(name).matches() || OURS.contains(lower) || lower.startsWith("grpc-")) {
        section.problem(
            name, "expected a header of yours, such as authorization; this one is not to be set");
      } else if (value != null) {
        if (value.reveal().chars().anyMatch(c -> c < ' ' || c > '~')) {
          section.problem(name, "expected printable ASCII in its value");
        } else {
          headers.put(lower, value);
        }
      }
    }
    section.finish();
    return headers;
  }
}
