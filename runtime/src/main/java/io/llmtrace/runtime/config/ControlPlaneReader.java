package io.llmtrace.runtime.config;

import org.jspecify.annotations.Nullable;

/** Reads the section {@code control_plane}. Stateless. */
final class ControlPlaneReader {
  /** Ten years; each day of a class is three tables. */
  private static final int MOST_DAYS = 3_660;

  /** The one that signs, the one before and the one after, and some more. */
  private static final int MOST_KEYS = 10;

  private ControlPlaneReader() {}

  /**
   * Reads it.
   *
   * @param open whether files of secrets are read
   * @param openDatabase whether those of the database are
   */
  static ControlPlaneConfig read(ConfigSection section, boolean open, boolean openDatabase) {
    ControlPlaneConfig defaults = ControlPlaneConfig.defaults();
    ConfigSection database = section.section("database");
    ControlPlaneConfig controlPlane =
        new ControlPlaneConfig(
            BindAddress.of(section, defaults.bind()),
            section.integer("port", defaults.port(), 0, 65_535),
            section.integer("admin_port", defaults.adminPort(), 0, 65_535),
            section.path("data_directory", defaults.dataDirectory()),
            database(database, openDatabase),
            retention(section.section("retention")),
            rateLimit(section.section("rate_limit")),
            OidcReader.read(section),
            content(section.section("content")),
            section.secret("signing_key", open),
            anomalies(section.section("anomalies")),
            policies(section.section("policies"), open),
            firstKeys(section.section("first_keys"), open),
            TlsConfig.ofServer(section.section("tls")),
            TelemetryReader.read(section.section("telemetry"), open),
            otlpIngest(section.section("otlp_ingest")),
            SiemReader.read(section.section("siem"), open));
    database.finish();
    section.finish();
    return controlPlane;
  }

  private static OtlpIngestConfig otlpIngest(ConfigSection section) {
    OtlpIngestConfig config =
        new OtlpIngestConfig(
            section.bool("enabled", OtlpIngestConfig.defaults().enabled()),
            section.strings(
                "gateway_hosts",
                "hosts such as llm-gateway.example, without scheme and path",
                Targets.HOST.asMatchPredicate()),
            rates(section, OtlpIngestConfig.RATE));
    section.finish();
    return config;
  }

  private static ContentConfig content(ConfigSection section) {
    ContentConfig content =
        new ContentConfig(
            section.optionalPath("keyring"),
            section.integer(
                "retention_days", ContentConfig.defaults().retentionDays(), 1, MOST_DAYS));
    section.finish();
    return content;
  }

  private static RetentionConfig retention(ConfigSection section) {
    RetentionConfig defaults = RetentionConfig.defaults();
    RetentionConfig retention =
        new RetentionConfig(
            section.integer("short_days", defaults.shortDays(), 1, MOST_DAYS),
            section.integer("standard_days", defaults.standardDays(), 1, MOST_DAYS),
            section.integer("long_days", defaults.longDays(), 1, MOST_DAYS));
    section.finish();
    return retention;
  }

  private static AnomaliesConfig anomalies(ConfigSection section) {
    AnomaliesConfig defaults = AnomaliesConfig.defaults();
    AnomaliesConfig anomalies =
        new AnomaliesConfig(
            section.bool("enabled", defaults.enabled()),
            section.choice(
                "sensitivity", AnomaliesConfig.Sensitivity.class, defaults.sensitivity()),
            section.integer(
                "lookback_weeks", defaults.lookbackWeeks(), 2, AnomaliesConfig.MOST_WEEKS),
            section.number("minimum_cost_usd", defaults.minimumCostUsd(), 0, 1_000_000),
            section.integer("minimum_tokens", defaults.minimumTokens(), 0, 1_000_000_000),
            section.integer("minimum_requests", defaults.minimumRequests(), 0, 1_000_000_000));
    section.finish();
    return anomalies;
  }

  private static PolicyServiceConfig policies(ConfigSection section, boolean open) {
    PolicyServiceConfig policies =
        new PolicyServiceConfig(
            section.secrets("signing_keys", open, MOST_KEYS),
            section.choice(
                "approval",
                PolicyServiceConfig.Approval.class,
                PolicyServiceConfig.defaults().approval()));
    section.finish();
    return policies;
  }

  private static FirstKeysConfig firstKeys(ConfigSection section, boolean open) {
    FirstKeysConfig keys =
        new FirstKeysConfig(section.secret("admin", open), section.secret("instance", open));
    section.finish();
    return keys;
  }

  private static RateLimitConfig rateLimit(ConfigSection section) {
    RateLimitConfig limit = rates(section, RateLimitConfig.defaults());
    section.finish();
    return limit;
  }

  private static RateLimitConfig rates(ConfigSection section, RateLimitConfig defaults) {
    return new RateLimitConfig(
        section.integer("requests_per_second", defaults.requestsPerSecond(), 1, 1_000_000),
        section.integer("burst", defaults.burst(), 1, 1_000_000));
  }

  private static DatabaseConfig database(ConfigSection section, boolean open) {
    @Nullable Secret url = section.secret("url", open);
    if (url != null) {
      DatabaseUrl.problem(url.reveal()).ifPresent(problem -> section.problem("url", problem));
    }
    return new DatabaseConfig(
        url,
        section.optionalString("user"),
        section.secret("password", open),
        section.integer("pool_size", DatabaseConfig.embedded().poolSize(), 1, 1_000));
  }
}
