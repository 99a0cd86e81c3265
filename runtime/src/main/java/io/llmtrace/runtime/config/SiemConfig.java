package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.Severity;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@code control_plane.siem}: findings as OCSF events.
 *
 * @param minSeverity less severe findings are not sent
 * @param sinks where they are sent, each on its own; empty for nowhere
 * @param allowPrivateTargets hosts, or {@code host:port}, that may be private
 * @param waiting how much waits for a sink that does not take it
 */
public record SiemConfig(
    Severity minSeverity,
    List<SinkConfig> sinks,
    Set<String> allowPrivateTargets,
    Waiting waiting) {

  public SiemConfig {
    sinks = List.copyOf(sinks);
    allowPrivateTargets = Set.copyOf(allowPrivateTargets);
  }

  /**
   * What waits for each sink is bounded; the oldest is given up, and counted.
   *
   * @param most events
   * @param longest how old one may get
   */
  public record Waiting(int most, Duration longest) {
    /** A million events, and a week. */
    public static final Waiting DEFAULT = new Waiting(1_000_000, Duration.ofDays(7));
  }

  /** Where events are sent. */
  public sealed interface SinkConfig {
    /** The key of its section; under it the database knows what it still has to get. */
    String name();
  }

  /**
   * Batches by POST.
   *
   * @param url may be a credential
   * @param secret what bodies are signed with, as those of alerts; null for no signature
   */
  public record Webhook(Secret url, @Nullable Secret secret, Form form) implements SinkConfig {
    @Override
    public String name() {
      return "webhook";
    }
  }

  /** How a batch is written. */
  public enum Form {
    /** An event a line. */
    NDJSON,
    /** One JSON array. */
    ARRAY
  }

  /**
   * RFC 5424 over TLS (RFC 5425).
   *
   * @param ca PEM of who signs the server's certificate; null for those that Java trusts
   */
  public record Syslog(String host, int port, @Nullable Path ca) implements SinkConfig {
    @Override
    public String name() {
      return "syslog";
    }
  }

  /**
   * JSON lines in a file of mode 0600.
   *
   * @param maxBytes a larger one is put away
   * @param keep files that were put away and are kept
   */
  public record File(Path path, long maxBytes, int keep) implements SinkConfig {
    @Override
    public String name() {
      return "file";
    }
  }

  /** Nothing is sent. */
  public static SiemConfig none() {
    return new SiemConfig(Severity.INFO, List.of(), Set.of(), Waiting.DEFAULT);
  }
}
