package io.llmtrace.runtime.config;

import io.llmtrace.policies.limit.Limit;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads {@code llmtrace.yaml}. Stateless.
 *
 * <p>The file is read as a tree of nodes rather than bound to classes, because only nodes know
 * their lines; see {@link ConfigSection}. Size, depth and aliases are bounded, so that a hostile
 * file costs no more than a long one.
 */
public final class ConfigFile {
  private static final long LARGEST_FILE = 1 << 20;

  /** Ten years; each day of a class is three tables. */
  private static final int MOST_DAYS = 3_660;

  /** The one that signs, the one before and the one after, and some more. */
  private static final int MOST_KEYS = 10;

  private static final int MOST_ALIASES = 20;
  private static final Pattern HOST =
      Pattern.compile("(?=.{1,253}$)[A-Za-z0-9-]{1,63}(\\.[A-Za-z0-9-]{1,63})*");

  /** Whose secret files are opened: a process need not be able to read those of the other. */
  public enum Role {
    CONTROL_PLANE,
    PLUGIN,
    BOTH,
    /** No secret file is opened: for tools that only inspect texts. */
    TOOL
  }

  private ConfigFile() {}

  /**
   * Reads a file with the secrets of both processes.
   *
   * @throws ConfigException with every problem of the file, when there is one
   */
  public static LlmtraceConfig load(Path file, Map<String, String> env) throws ConfigException {
    return load(file, env, Role.BOTH);
  }

  /**
   * Reads a file for one process. All keys are checked alike; secret files of the other process's
   * section are not opened, and those secrets are {@code null}. Signature packs are not opened for
   * the control plane, which inspects nothing, and mappings for the plugin alone; files of models
   * are not opened here at all.
   *
   * @throws ConfigException with every problem of the file, when there is one
   */
  public static LlmtraceConfig load(Path file, Map<String, String> env, Role role)
      throws ConfigException {
    return parse(file.toString(), text(file), env, role);
  }

  static String text(Path file) throws ConfigException {
    try {
      return Utf8File.read(file, LARGEST_FILE);
    } catch (Utf8File.UnreadableException e) {
      throw new ConfigException(
          List.of(new ConfigProblem(file.toString(), 1, 1, "(file)", e.expectation())));
    }
  }

  static LlmtraceConfig parse(String name, String text, Map<String, String> env, Role role)
      throws ConfigException {
    Reading reading = new Reading(name, env);
    LlmtraceConfig config = config(reading, root(reading, text), role);
    if (!reading.problems().isEmpty()) {
      throw new ConfigException(reading.problems());
    }
    return config;
  }

  /**
   * The keys that are asked for while a text is read. Sections of lists are asked for their keys
   * where the text has one; what is wrong in it is no matter.
   */
  static List<AskedKey> asked(String text, Map<String, String> env) {
    Reading reading = new Reading("reference", env);
    LlmtraceConfig unused = config(reading, root(reading, text), Role.TOOL);
    return reading.asked();
  }

  static @Nullable Node root(Reading reading, String text) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel("configuration")
            .setUseMarks(true)
            .setAllowRecursiveKeys(false)
            .setMaxAliasesForCollections(MOST_ALIASES)
            .build();
    try {
      return new Compose(settings).composeString(text).orElse(null);
    } catch (MarkedYamlEngineException e) {
      // The problem alone: context and snippet would repeat the file's text, secrets included.
      @Nullable Mark at = e.getProblemMark().orElse(null);
      reading.problem(at, "(file)", "expected YAML, but " + e.getProblem());
    } catch (YamlEngineException e) {
      reading.problem((Mark) null, "(file)", "expected YAML, but " + e.getMessage());
    }
    return null;
  }

  private static LlmtraceConfig config(Reading reading, @Nullable Node node, Role role) {
    boolean controlPlaneOpens = role == Role.CONTROL_PLANE || role == Role.BOTH;
    boolean pluginOpens = role == Role.PLUGIN || role == Role.BOTH;
    ConfigSection root = new ConfigSection(reading, "", node);
    LlmtraceConfig config =
        new LlmtraceConfig(
            logging(root.section("logging")),
            new AlertsReader(root.section("alerts"), controlPlaneOpens).read(),
            breaker(root.section("circuit_breaker")),
            metrics(root.section("metrics"), controlPlaneOpens),
            controlPlane(root.section("control_plane"), controlPlaneOpens),
            plugin(reading, root.section("plugin"), pluginOpens),
            detection(reading, root.section("detection"), role != Role.CONTROL_PLANE),
            ModelReader.models(root.sections("models")),
            LimitsReader.limits(root.sections("limits", LimitsReader.MOST_LIMITS)),
            PriceReader.prices(root.sections("prices", PriceReader.MOST_PRICES)));
    root.finish();
    if (!isLoopback(config.controlPlane().bind())
        && config.metrics().token() == null
        && !config.metrics().isPublic()
        && controlPlaneOpens) {
      root.section("control_plane")
          .problem(
              "bind",
              "expected a loopback address such as 127.0.0.1, or metrics.token, or metrics.public:"
                  + " true, because /metrics would be open to the network");
    }
    return config;
  }

  private static LoggingConfig logging(ConfigSection section) {
    LoggingConfig defaults = LoggingConfig.defaults();
    LoggingConfig logging =
        new LoggingConfig(
            section.choice("level", LoggingConfig.Level.class, defaults.level()),
            section.choice("format", LoggingConfig.Format.class, defaults.format()),
            section.choice("bodies", LoggingConfig.Bodies.class, defaults.bodies()),
            section.integer("repeats", defaults.repeats(), 0, 1_000_000));
    section.finish();
    return logging;
  }

  private static BreakerConfig breaker(ConfigSection section) {
    BreakerConfig defaults = BreakerConfig.defaults();
    BreakerConfig breaker =
        new BreakerConfig(
            section.bool("enabled", defaults.enabled()),
            section.integer("failure_threshold", defaults.failureThreshold(), 1, 10_000),
            section.millis("recovery_timeout_ms", defaults.recoveryTimeout(), 1, 3_600_000),
            section.integer("half_open_max_calls", defaults.halfOpenMaxCalls(), 1, 1_000));
    section.finish();
    return breaker;
  }

  private static MetricsConfig metrics(ConfigSection section, boolean open) {
    MetricsConfig metrics =
        new MetricsConfig(
            section.secret("token", open),
            section.bool("public", MetricsConfig.defaults().isPublic()));
    section.finish();
    return metrics;
  }

  private static ControlPlaneConfig controlPlane(ConfigSection section, boolean open) {
    ControlPlaneConfig defaults = ControlPlaneConfig.defaults();
    ConfigSection database = section.section("database");
    ControlPlaneConfig controlPlane =
        new ControlPlaneConfig(
            bind(section, defaults.bind()),
            section.integer("port", defaults.port(), 0, 65_535),
            section.integer("admin_port", defaults.adminPort(), 0, 65_535),
            section.path("data_directory", defaults.dataDirectory()),
            database(database, open),
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

  private static CaptureConfig capture(ConfigSection section) {
    CaptureConfig defaults = CaptureConfig.defaults();
    CaptureConfig capture =
        new CaptureConfig(
            section.bool("allow_full", defaults.allowFull()),
            section.bytes("max_bytes_in_memory", defaults.maxBytesInMemory(), 1L << 20, 1L << 34));
    section.finish();
    return capture;
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
    if (url != null && !url.reveal().startsWith("jdbc:postgresql:")) {
      section.problem("url", "expected an address that starts with jdbc:postgresql:");
    }
    return new DatabaseConfig(
        url,
        section.optionalString("user"),
        section.secret("password", open),
        section.integer("pool_size", DatabaseConfig.embedded().poolSize(), 1, 1_000));
  }

  private static PluginConfig plugin(Reading reading, ConfigSection section, boolean open) {
    PluginConfig defaults = PluginConfig.defaults(reading.env());
    ConfigSection spool = section.section("spool");
    ConfigSection answers = section.section("answers");
    PluginConfig plugin =
        new PluginConfig(
            section.string(
                "node",
                defaults.node(),
                "a name of at most 64 letters, digits, dots, dashes and underscores",
                name -> name.matches("[A-Za-z0-9._-]{1,64}")),
            section.path("socket", defaults.socket()),
            section.path("data_directory", defaults.dataDirectory()),
            section.httpUrl("control_plane_url", defaults.controlPlaneUrl()),
            section.secret("api_key", open),
            bind(section, defaults.bind()),
            section.integer("port", defaults.port(), 0, 65_535),
            section.secret("tap_secret", open),
            section.secret("inspect_key", open),
            section.millis("budget_ms", defaults.budget(), 1, 30_000),
            section.choice("on_uninspectable", OnUninspectable.class, defaults.onUninspectable()),
            section.integer("workers", defaults.workers(), 0, 1_024),
            section.integer("queue", defaults.queue(), 1, 1_000_000),
            section.bytes(
                "max_body_bytes_in_memory", defaults.maxBodyBytesInMemory(), 1L << 20, 1L << 40),
            // A frame of the gateway cannot be longer, so a larger limit would promise too much.
            section.bytes("max_request_body", defaults.maxRequestBody(), 1_024, 16L << 20),
            section.millis("report_interval_ms", defaults.reportInterval(), 100, 3_600_000),
            section.millis("drain_timeout_ms", defaults.drainTimeout(), 0, 600_000),
            spool(spool),
            answers(answers, open),
            IdentityReader.read(section.section("identity")),
            capture(section.section("capture")),
            new DialectsReader(reading, section).read(open),
            section.choice("budgets_alone", Limit.Alone.class, defaults.budgetsAlone()),
            PoliciesConfig.read(section.section("policies")),
            TlsConfig.ofClient(section.section("control_plane_tls")));
    if (plugin.controlPlaneTls().isPresent()
        && !"https".equalsIgnoreCase(plugin.controlPlaneUrl().getScheme())) {
      section.problem(
          "control_plane_url", "expected an https address, because control_plane_tls is set");
    }
    spool.finish();
    answers.finish();
    section.finish();
    return plugin;
  }

  private static AnswersConfig answers(ConfigSection section, boolean open) {
    AnswersConfig defaults = AnswersConfig.defaults();
    @Nullable Secret key = section.secret("canary_key", open);
    if (key != null
        && key.reveal().getBytes(StandardCharsets.UTF_8).length
            < AnswersConfig.LEAST_CANARY_KEY_BYTES) {
      section.problem(
          "canary_key",
          "expected a secret of at least " + AnswersConfig.LEAST_CANARY_KEY_BYTES + " bytes");
    }
    return new AnswersConfig(
        section.bool("inspect", defaults.inspect()),
        section.millis("budget_ms", defaults.budget(), 1, 30_000),
        section.strings(
            "allowed_hosts",
            "host names such as docs.example.com, without scheme, port or wildcard",
            HOST.asMatchPredicate()),
        key);
  }

  private static DetectionConfig detection(Reading reading, ConfigSection section, boolean open) {
    DetectionConfig detection = new DetectionReader(reading, section, open).read();
    section.finish();
    return detection;
  }

  private static SpoolConfig spool(ConfigSection section) {
    SpoolConfig defaults = SpoolConfig.defaults();
    SpoolConfig spool =
        new SpoolConfig(
            section.bytes("max_bytes", defaults.maxBytes(), 1L << 16, 1L << 40),
            section.bytes("segment_max_bytes", defaults.segmentMaxBytes(), 4_096, 16L << 20),
            section.millis("flush_interval_ms", defaults.flushInterval(), 1, 60_000));
    if (spool.segmentMaxBytes() > spool.maxBytes()) {
      section.problem("segment_max_bytes", "expected no more than max_bytes");
    }
    return spool;
  }

  private static String bind(ConfigSection section, String fallback) {
    return section.string(
        "bind",
        fallback,
        "an address or host name such as 127.0.0.1",
        bind -> bind.matches("[A-Za-z0-9.:_-]{1,253}"));
  }

  static boolean isLoopback(String bind) {
    return bind.equals("localhost") || bind.equals("::1") || bind.matches("127(\\.[0-9]{1,3}){3}");
  }
}
