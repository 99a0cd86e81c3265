package io.llmtrace.runtime.config;

import io.llmtrace.policies.limit.Limit;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the section {@code plugin}. Stateless. */
final class PluginReader {
  private static final Pattern HOST =
      Pattern.compile("(?=.{1,253}$)[A-Za-z0-9-]{1,63}(\\.[A-Za-z0-9-]{1,63})*");

  private PluginReader() {}

  static PluginConfig read(Reading reading, ConfigSection section, boolean open) {
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
            BindAddress.of(section, defaults.bind()),
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

  private static CaptureConfig capture(ConfigSection section) {
    CaptureConfig defaults = CaptureConfig.defaults();
    CaptureConfig capture =
        new CaptureConfig(
            section.bool("allow_full", defaults.allowFull()),
            section.bytes("max_bytes_in_memory", defaults.maxBytesInMemory(), 1L << 20, 1L << 34));
    section.finish();
    return capture;
  }
}
