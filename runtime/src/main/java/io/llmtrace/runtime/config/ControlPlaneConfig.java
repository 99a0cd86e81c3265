package io.llmtrace.runtime.config;

import java.nio.file.Path;
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
    AnomaliesConfig anomalies) {

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
        AnomaliesConfig.defaults());
  }

  public ControlPlaneConfig withBind(String changed) {
    return new ControlPlaneConfig(
        changed,
        port,
        adminPort,
        dataDirectory,
        database,
        retention,
        rateLimit,
        oidc,
        content,
        signingKey,
        anomalies);
  }

  public ControlPlaneConfig withPorts(int changedPort, int changedAdminPort) {
    return new ControlPlaneConfig(
        bind,
        changedPort,
        changedAdminPort,
        dataDirectory,
        database,
        retention,
        rateLimit,
        oidc,
        content,
        signingKey,
        anomalies);
  }

  public ControlPlaneConfig withDataDirectory(Path changed) {
    return new ControlPlaneConfig(
        bind,
        port,
        adminPort,
        changed,
        database,
        retention,
        rateLimit,
        oidc,
        content,
        signingKey,
        anomalies);
  }

  public ControlPlaneConfig withDatabase(DatabaseConfig changed) {
    return new ControlPlaneConfig(
        bind,
        port,
        adminPort,
        dataDirectory,
        changed,
        retention,
        rateLimit,
        oidc,
        content,
        signingKey,
        anomalies);
  }

  public ControlPlaneConfig withOidc(OidcConfig changed) {
    return new ControlPlaneConfig(
        bind,
        port,
        adminPort,
        dataDirectory,
        database,
        retention,
        rateLimit,
        changed,
        content,
        signingKey,
        anomalies);
  }

  public ControlPlaneConfig withRateLimit(RateLimitConfig changed) {
    return new ControlPlaneConfig(
        bind,
        port,
        adminPort,
        dataDirectory,
        database,
        retention,
        changed,
        oidc,
        content,
        signingKey,
        anomalies);
  }

  public ControlPlaneConfig withContent(ContentConfig changed) {
    return new ControlPlaneConfig(
        bind,
        port,
        adminPort,
        dataDirectory,
        database,
        retention,
        rateLimit,
        oidc,
        changed,
        signingKey,
        anomalies);
  }

  public ControlPlaneConfig withAnomalies(AnomaliesConfig changed) {
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
        changed);
  }
}
