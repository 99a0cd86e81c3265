package io.llmtrace.plugin.telemetry;

import io.llmtrace.runtime.config.TlsConfig;
import io.llmtrace.runtime.tls.TlsMaterial;
import java.io.IOException;
import java.net.http.HttpClient;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP client of the calls to the control plane. Certificates are renewed while this process
 * runs: when their files change a new client takes the place of the old, whose calls end as they
 * began. Thread-safe.
 */
final class HttpClients {
  private static final Logger log = LoggerFactory.getLogger(HttpClients.class);
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final TelemetrySettings settings;
  private @Nullable HttpClient client;
  private @Nullable TlsMaterial material;
  private long lookedNanos;

  HttpClients(TelemetrySettings settings) {
    this.settings = settings;
  }

  /**
   * The client to call with now.
   *
   * @throws IOException if there is none, because the files of TLS cannot be used
   */
  synchronized HttpClient current() throws IOException {
    HttpClient known = client;
    if (known == null) {
      return renewed();
    }
    TlsMaterial read = material;
    if (read == null || System.nanoTime() - lookedNanos < LOOK_NANOS) {
      return known;
    }
    lookedNanos = System.nanoTime();
    try {
      if (read.isOutdated(settings.tls())) {
        log.info("certificates for the control plane have changed and are read again");
        return renewed();
      }
    } catch (IOException e) {
      // Half of a renewal, most likely. What was read before holds until it ends.
      log.warn("certificates for the control plane cannot be read again: {}", e.getMessage());
    }
    return known;
  }

  private HttpClient renewed() throws IOException {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(settings.pacing().requestTimeout());
    TlsConfig tls = settings.tls();
    TlsMaterial read = null;
    if (tls.isPresent()) {
      read = TlsMaterial.read(tls);
      builder.sslContext(read.client());
    }
    HttpClient made = builder.build();
    lookedNanos = System.nanoTime();
    material = read;
    client = made;
    return made;
  }
}
