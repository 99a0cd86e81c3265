package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.TelemetryConfig.Content;
import io.llmtrace.runtime.config.TelemetryConfig.Conventions;
import io.llmtrace.runtime.config.TelemetryConfig.Protocol;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TelemetryConfigTest {
  @TempDir static Path directory;

  private static ControlPlaneConfig read(String yaml) throws ConfigException {
    return ConfigFile.parse("llmtrace.yaml", yaml, Map.of(), ConfigFile.Role.CONTROL_PLANE)
        .controlPlane();
  }

  private static ControlPlaneConfig telemetry(String keys) throws ConfigException {
    return read("control_plane: {telemetry: {" + keys + "}}");
  }

  @Test
  void aCollectorIsRead() throws Exception {
    Path token = Files.writeString(directory.resolve("otlp.token"), "Bearer abc\n");
    TelemetryConfig config =
        read("""
        control_plane:
          telemetry:
            endpoint: http://collector.internal:4317
            protocol: grpc
            headers: {Authorization: "file:%s", x-team: platform}
            metrics: false
            semantic_conventions: "1.36"
            content: evidence
            service_name: llm-gateway
            metrics_interval_seconds: 15
            queue: 1000
            allow_private_targets: ["collector.internal:4317"]
        """
                .formatted(token))
            .telemetry();
    assertThat(config)
        .isEqualTo(
            new TelemetryConfig(
                URI.create("http://collector.internal:4317"),
                Protocol.GRPC,
                Map.of("authorization", Secret.of("Bearer abc"), "x-team", Secret.of("platform")),
                true,
                false,
                Conventions.V1_36,
                Content.EVIDENCE,
                "llm-gateway",
                Duration.ofSeconds(15),
                1_000,
                Set.of("collector.internal:4317")));
    assertThat(config.toString()).doesNotContain("abc").doesNotContain("platform");
  }

  @Test
  void nothingIsSentUnlessSomebodySaysWhere() throws Exception {
    assertThat(telemetry("").telemetry()).isEqualTo(TelemetryConfig.none());
    assertThat(TelemetryConfig.none().endpoint()).isNull();
    assertThat(TelemetryConfig.none().content()).isEqualTo(Content.NONE);
    assertThat(read("control_plane: {port: 1}").siem().sinks()).isEmpty();
  }

  @Test
  void whatIsWrongIsToldWithItsPlaceAndWhatWouldBeRight() {
    assertThatThrownBy(() -> telemetry("endpoint: 'http://collector.internal:4318'"))
        .hasMessageContaining("llmtrace.yaml:1:")
        .hasMessageContaining(
            "control_plane.telemetry.endpoint: expected https, or \"collector.internal\" in"
                + " allow_private_targets");
    assertThatThrownBy(() -> telemetry("endpoint: 'https://u:secret-pw@c.example'"))
        .hasMessageContaining("endpoint: expected no user in it; headers take what is secret")
        .hasMessageNotContaining("secret-pw");
    assertThatThrownBy(() -> telemetry("endpoint: 'https://c.example/otlp', protocol: grpc"))
        .hasMessageContaining("endpoint: expected host and port alone with protocol: grpc");
    assertThatThrownBy(() -> telemetry("endpoint: 'https://c.example/v1/traces'"))
        .hasMessageContaining("endpoint: expected the address without /v1/traces");
    assertThatThrownBy(
            () -> telemetry("endpoint: 'https://c.example', traces: false, metrics: false"))
        .hasMessageContaining("endpoint: expected traces: true or metrics: true beside it");
    assertThatThrownBy(() -> telemetry("headers: {authorization: x}"))
        .hasMessageContaining("headers: expected endpoint beside it");
    assertThatThrownBy(
            () -> telemetry("endpoint: 'https://c.example', headers: {content-type: x, 'a b': y}"))
        .hasMessageContaining("headers.content-type: expected a header of yours")
        .hasMessageContaining("headers.a b: expected a header of yours");
    assertThatThrownBy(() -> telemetry("semantic_conventions: '2.0', protocol: https, queue: 3"))
        .hasMessageContaining("semantic_conventions: expected one of 1.36, 1.37, in quotes")
        .hasMessageContaining("protocol: expected one of http, grpc, was \"https\"")
        .hasMessageContaining("queue: expected an integer from 512");
    assertThatThrownBy(() -> telemetry("endpont: 'https://c.example'"))
        .hasMessageContaining("telemetry.endpont: unknown key, expected \"endpoint\"?");
  }

  @Test
  void spansOfApplicationsAreTakenUnlessSomebodySaysNo() throws Exception {
    assertThat(read("").otlpIngest())
        .isEqualTo(new OtlpIngestConfig(true, Set.of(), new RateLimitConfig(100, 1_000)));
    assertThat(
            read("control_plane: {otlp_ingest: {enabled: false, gateway_hosts: [gw.example], burst: 7}}")
                .otlpIngest())
        .isEqualTo(new OtlpIngestConfig(false, Set.of("gw.example"), new RateLimitConfig(100, 7)));
    assertThatThrownBy(
            () -> read("control_plane: {otlp_ingest: {gateway_hosts: ['https://gw.example/']}}"))
        .hasMessageContaining("otlp_ingest.gateway_hosts[0]: expected hosts such as");
  }

  @Test
  void sinksOfFindingsAreRead() throws Exception {
    SiemConfig siem =
        read("""
        control_plane:
          siem:
            min_severity: medium
            max_waiting: 5000
            max_age_hours: 49
            webhook: {url: "https://siem.example/in?token=t0k", secret: s, form: array}
            syslog: {host: syslog.internal, ca: ca.pem}
            file: {path: out/findings.ndjson, max_bytes: 1MiB, keep: 2}
            allow_private_targets: [syslog.internal]
        """)
            .siem();
    assertThat(siem)
        .isEqualTo(
            new SiemConfig(
                Severity.MEDIUM,
                List.of(
                    new SiemConfig.Webhook(
                        Secret.of("https://siem.example/in?token=t0k"),
                        Secret.of("s"),
                        SiemConfig.Form.ARRAY),
                    new SiemConfig.Syslog("syslog.internal", 6514, Path.of("ca.pem")),
                    new SiemConfig.File(Path.of("out/findings.ndjson"), 1 << 20, 2)),
                Set.of("syslog.internal"),
                new SiemConfig.Waiting(5_000, Duration.ofHours(49))));
    assertThat(read("control_plane: {}").siem().waiting())
        .isEqualTo(new SiemConfig.Waiting(1_000_000, Duration.ofDays(7)));
    assertThat(siem.toString()).doesNotContain("t0k");
    assertThatThrownBy(
            () ->
                read(
                    "control_plane: {siem: {webhook: {secret: s}, syslog: {port: 1}, file: {keep:"
                        + " 1}, min_severity: bad}}"))
        .hasMessageContaining("siem.webhook.url: expected an address")
        .hasMessageContaining("siem.syslog.host: expected the name of a host")
        .hasMessageContaining("siem.file.path: expected the path of a file")
        .hasMessageContaining("siem.min_severity: expected one of info, low");
    assertThatThrownBy(
            () -> read("control_plane: {siem: {webhook: {url: 'http://s.example/tok3n'}}}"))
        .hasMessageContaining("siem.webhook.url: expected https, or its host in")
        .hasMessageNotContaining("tok3n");
  }
}
