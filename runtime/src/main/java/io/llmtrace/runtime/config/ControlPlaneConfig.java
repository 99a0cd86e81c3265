package io.llmtrace.runtime.config;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * {@code control_plane}: the service's addresses, data and database.
 *
 * @param bind address of the API port
 * @param port API port; 0 takes a free one
 * @param adminPort admin port, always on loopback; 0 takes a free one
 * @param dataDirectory embedded database and first keys, relative to the working directory
 * @param oidc tokens of an identity provider; {@code null} lets in API keys only
 * @param content captured content
 * @param signingKey Ed25519 key as PKCS#8 in PEM; {@code null} makes one in the data directory
 * @param anomalies use that is out of the ordinary
 * @param policies how policies are changed and what signs them
 * @param firstKeys the keys of a new installation
 * @param tls what the API port shows; with {@code client_ca} instances must show a certificate
 * @param telemetry exchanges as traces and metrics of OpenTelemetry
 * @param otlpIngest spans of applications that call providers past the gateway
 * @param siem findings as OCSF events
 */
public record ControlPlaneConfig(
    String bind,
    int port,
    int adminPort,
    Path dataDirectory,
    DatabaseConfig database,
    RetentionConfig retention,
    RateLimitConfig rateLimit,
    @Nullable OidcConfig oidc,
    ContentConfig content,
    @Nullable Secret signingKey,
    AnomaliesConfig anomalies,
    PolicyServiceConfig policies,
    FirstKeysConfig firstKeys,
    TlsConfig tls,
    TelemetryConfig telemetry,
    OtlpIngestConfig otlpIngest,
    SiemConfig siem) {

  public static ControlPlaneConfig defaults() {
    return new ControlPlaneConfig(
        "127.0.0.1",
        8080,
        8081,
        Path.of("data/control-plane"),
        DatabaseConfig.embedded(),
        RetentionConfig.defaults(),
        RateLimitConfig.defaults(),
        null,
        ContentConfig.defaults(),
        null,
        AnomaliesConfig.defaults(),
        PolicyServiceConfig.defaults(),
        FirstKeysConfig.made(),
        TlsConfig.none(),
        TelemetryConfig.none(),
        OtlpIngestConfig.defaults(),
        SiemConfig.none());
  }

  public ControlPlaneConfig withBind(String changed) {
    return with(values -> values.bind = changed);
  }

  public ControlPlaneConfig withPorts(int changedPort, int changedAdminPort) {
    return with(
        values -> {
          values.port = changedPort;
          values.adminPort = changedAdminPort;
        });
  }

  public ControlPlaneConfig withDataDirectory(Path changed) {
    return with(values -> values.dataDirectory = changed);
  }

  public ControlPlaneConfig withDatabase(DatabaseConfig changed) {
    return with(values -> values.database = changed);
  }

  public ControlPlaneConfig withOidc(OidcConfig changed) {
    return with(values -> values.oidc = changed);
  }

  public ControlPlaneConfig withRateLimit(RateLimitConfig changed) {
    return with(values -> values.rateLimit = changed);
  }

  public ControlPlaneConfig withContent(ContentConfig changed) {
    return with(values -> values.content = changed);
  }

  public ControlPlaneConfig withAnomalies(AnomaliesConfig changed) {
    return with(values -> values.anomalies = changed);
  }

  public ControlPlaneConfig withPolicies(PolicyServiceConfig changed) {
    return with(values -> values.policies = changed);
  }

  public ControlPlaneConfig withFirstKeys(FirstKeysConfig changed) {
    return with(values -> values.firstKeys = changed);
  }

  public ControlPlaneConfig withTls(TlsConfig changed) {
    return with(values -> values.tls = changed);
  }

  public ControlPlaneConfig withTelemetry(TelemetryConfig changed) {
    return with(values -> values.telemetry = changed);
  }

  public ControlPlaneConfig withOtlpIngest(OtlpIngestConfig changed) {
    return with(values -> values.otlpIngest = changed);
  }

  public ControlPlaneConfig withSiem(SiemConfig changed) {
    return with(values -> values.siem = changed);
  }

  private ControlPlaneConfig with(Consumer<Values> change) {
    Values values = new Values(this);
    change.accept(values);
    return values.config();
  }

  /** All values, to change a few of them. */
  private static final class Values {
    private String bind;
    private int port;
    private int adminPort;
    private Path dataDirectory;
    private DatabaseConfig database;
    private final RetentionConfig retention;
    private RateLimitConfig rateLimit;
    private @Nullable OidcConfig oidc;
    private ContentConfig content;
    private final @Nullable Secret signingKey;
    private AnomaliesConfig anomalies;
    private PolicyServiceConfig policies;
    private FirstKeysConfig firstKeys;
    private TlsConfig tls;
    private TelemetryConfig telemetry;
    private OtlpIngestConfig otlpIngest;
    private SiemConfig siem;

    Values(ControlPlaneConfig from) {
      this.bind = from.bind;
      this.port = from.port;
      this.adminPort = from.adminPort;
      this.dataDirectory = from.dataDirectory;
      this.database = from.database;
      this.retention = from.retention;
      this.rateLimit = from.rateLimit;
      this.oidc = from.oidc;
      this.content = from.content;
      this.signingKey = from.signingKey;
      this.anomalies = from.anomalies;
      this.policies = from.policies;
      this.firstKeys = from.firstKeys;
      this.tls = from.tls;
      this.telemetry = from.telemetry;
      this.otlpIngest = from.otlpIngest;
      this.siem = from.siem;
    }

    ControlPlaneConfig config() {
      return new ControlPlaneConfig(
          bind,
          port,
          adminPort,
          dataDirectory,
          database,
          retention,
          rateLimit,
          oidc,
          content,
          signingKey,
          anomalies,
          policies,
          firstKeys,
          tls,
          telemetry,
          otlpIngest,
          siem);
    }
  }
}
