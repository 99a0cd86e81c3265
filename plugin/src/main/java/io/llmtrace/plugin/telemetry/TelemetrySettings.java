package io.llmtrace.plugin.telemetry;

import io.llmtrace.runtime.config.TlsConfig;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Settings of {@link Telemetry}.
 *
 * @param dataDirectory the plugin's; spools lie in {@code spool/} in it
 * @param node name of this node
 * @param controlPlane base address of the control plane
 * @param apiKey gives the instance key, each time it is sent
 * @param maxBytes bound of the spool
 * @param segmentMaxBytes bytes of a batch, before compression
 * @param flushInterval how often records are brought to the disk and sealed
 * @param reportInterval how often a snapshot is sent
 * @param pacing how failed calls are repeated
 * @param tls what is shown to the control plane, and whose certificate it may have
 */
public record TelemetrySettings(
    Path dataDirectory,
    String node,
    URI controlPlane,
    Supplier<String> apiKey,
    long maxBytes,
    long segmentMaxBytes,
    Duration flushInterval,
    Duration reportInterval,
    Pacing pacing,
    TlsConfig tls) {

  /** Settings with Java's own trust, and no certificate. */
  public TelemetrySettings(
      Path dataDirectory,
      String node,
      URI controlPlane,
      Supplier<String> apiKey,
      long maxBytes,
      long segmentMaxBytes,
      Duration flushInterval,
      Duration reportInterval,
      Pacing pacing) {
    this(
        dataDirectory,
        node,
        controlPlane,
        apiKey,
        maxBytes,
        segmentMaxBytes,
        flushInterval,
        reportInterval,
        pacing,
        TlsConfig.none());
  }

  /**
   * How failed calls are repeated.
   *
   * @param firstDelay bound of the first random delay, doubled with each failure
   * @param maxDelay bound that it is not doubled beyond
   * @param refusedDelay delay after an answer that only an operator can heal (401, 403, 404)
   * @param maxRetryAfter the longest {@code Retry-After} that is honoured
   * @param requestTimeout of one call
   */
  public record Pacing(
      Duration firstDelay,
      Duration maxDelay,
      Duration refusedDelay,
      Duration maxRetryAfter,
      Duration requestTimeout) {

    /** What production uses. */
    public static Pacing standard() {
      return new Pacing(
          Duration.ofMillis(200),
          Duration.ofSeconds(5),
          Duration.ofSeconds(15),
          Duration.ofSeconds(60),
          Duration.ofSeconds(10));
    }
  }
}
