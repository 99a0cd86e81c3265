package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.SiemConfig.SinkConfig;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code control_plane.siem}. Stateless. */
final class SiemReader {
  private static final List<String> SEVERITIES =
      List.of("info", "low", "medium", "high", "critical");
  private static final int SYSLOG_TLS = 6514;
  private static final int LEAST_WAITING = 1_000;
  private static final int MOST_WAITING = 100_000_000;
  private static final int LONGEST_HOURS = 24 * 365;

  private SiemReader() {}

  /**
   * The section.
   *
   * @param open whether files of secrets are opened
   */
  static SiemConfig read(ConfigSection section, boolean open) {
    String severity =
        section.string(
            "min_severity",
            "info",
            "one of " + String.join(", ", SEVERITIES),
            text -> SEVERITIES.contains(text.toLowerCase(Locale.ROOT)));
    Set<String> allowed =
        section.strings(
            "allow_private_targets",
            "hosts such as siem.internal or 10.0.0.5:6514, without scheme and path",
            Targets.HOST.asMatchPredicate());
    SiemConfig.Waiting waiting =
        new SiemConfig.Waiting(
            section.integer(
                "max_waiting", SiemConfig.Waiting.DEFAULT.most(), LEAST_WAITING, MOST_WAITING),
            Duration.ofHours(
                section.integer(
                    "max_age_hours",
                    (int) SiemConfig.Waiting.DEFAULT.longest().toHours(),
                    1,
                    LONGEST_HOURS)));
    List<SinkConfig> sinks = new ArrayList<>();
    webhook(section.section("webhook"), open, allowed, sinks);
    syslog(section.section("syslog"), sinks);
    file(section.section("file"), sinks);
    section.finish();
    return new SiemConfig(Severity.of(severity.toLowerCase(Locale.ROOT)), sinks, allowed, waiting);
  }

  private static void webhook(
      ConfigSection section, boolean open, Set<String> allowed, List<SinkConfig> sinks) {
    @Nullable Secret url = section.httpUrlSecret("url", open);
    @Nullable Secret secret = section.secret("secret", open);
    SiemConfig.Form form = section.choice("form", SiemConfig.Form.class, SiemConfig.Form.NDJSON);
    if (url != null) {
      URI address = URI.create(url.reveal());
      if (address.getScheme().equals("http") && !Targets.allowed(allowed, address)) {
        section.problem("url", "expected https, or its host in siem.allow_private_targets");
      }
      sinks.add(new SiemConfig.Webhook(url, secret, form));
    } else if (!section.keys().isEmpty() && !section.has("url")) {
      section.problem("url", "expected an address that starts with https://");
    }
    section.finish();
  }

  private static void syslog(ConfigSection section, List<SinkConfig> sinks) {
    String host =
        section.string(
            "host",
            "",
            "a host name or an address, IPv6 in brackets; the port has a key of its own",
            text -> Targets.HOST.matcher(text).matches() && !text.matches(".*[^\\]]:[0-9]+"));
    int port = section.integer("port", SYSLOG_TLS, 1, 65_535);
    @Nullable Path ca = section.optionalPath("ca");
    if (!host.isEmpty()) {
      sinks.add(new SiemConfig.Syslog(host, port, ca));
    } else if (!section.keys().isEmpty() && !section.has("host")) {
      section.problem("host", "expected the name of a host that takes syslog over TLS");
    }
    section.finish();
  }

  private static void file(ConfigSection section, List<SinkConfig> sinks) {
    @Nullable Path path = section.optionalPath("path");
    long maxBytes = section.bytes("max_bytes", 100L << 20, 1L << 10, 1L << 40);
    int keep = section.integer("keep", 5, 1, 1_000);
    if (path != null) {
      sinks.add(new SiemConfig.File(path, maxBytes, keep));
    } else if (!section.keys().isEmpty() && !section.has("path")) {
      section.problem("path", "expected the path of a file");
    }
    section.finish();
  }
}
