package io.llmtrace.plugin.telemetry;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls of this process to its control plane: one client, one key, one breaker for all of them, so
 * that a control plane that is gone is found out once. Thread-safe.
 */
public final class ControlPlaneClient {
  /** Acknowledgements, leases and prices; bundles, which may be longer, are read as they come. */
  static final long LONGEST_ANSWER = 8 << 20;

  private static final Logger log = LoggerFactory.getLogger(ControlPlaneClient.class);

  private final TelemetrySettings settings;
  private final CircuitBreaker breaker;
  private final HttpClients clients;
  private volatile Runnable answered = () -> {};

  ControlPlaneClient(TelemetrySettings settings, CircuitBreaker breaker) {
    this.settings = settings;
    this.breaker = breaker;
    this.clients = new HttpClients(settings);
  }

  /** How a body is written. */
  public enum Encoding {
    PLAIN,
    GZIP
  }

  /**
   * Random delays after failures: exponential with full jitter
   * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), so that nodes do
   * not come back in step. For one thread.
   */
  public final class Backoff {
    private int failures;

    private Backoff() {}

    /** Milliseconds to wait after one more failure. */
    public long failed() {
      TelemetrySettings.Pacing pacing = settings.pacing();
      long bound =
          Math.min(
              pacing.maxDelay().toMillis(),
              pacing.firstDelay().toMillis() << Math.min(failures, 16));
      failures++;
      return 1 + ThreadLocalRandom.current().nextLong(bound + 1);
    }

    /** Whether the last call failed as well. */
    public boolean isFailing() {
      return failures > 0;
    }

    public void succeeded() {
      failures = 0;
    }
  }

  public Backoff backoff() {
    return new Backoff();
  }

  /**
   * Has something done whenever the control plane has answered a call, whoever made it, and not
   * with an error of its own.
   *
   * @param what quick; on the caller's thread
   */
  void whenItAnswers(Runnable what) {
    answered = what;
  }

  /** Whether there is a key to call with. */
  public boolean hasKey() {
    return !settings.apiKey().get().isEmpty();
  }

  public TelemetrySettings.Pacing pacing() {
    return settings.pacing();
  }

  /**
   * Whether a call may be tried now. Whoever is told so makes one, or {@linkplain #release says}
   * that there is none.
   */
  public boolean tryAcquire() {
    return breaker.tryAcquirePermission();
  }

  /** The call that was allowed is not made. */
  public void release() {
    breaker.releasePermission();
  }

  /**
   * Sends a body once; how it went is told to the breaker, or that no call was made.
   *
   * @throws IOException if there was no answer, or one without an end
   */
  public HttpResponse<String> post(String path, byte[] body, Encoding encoding)
      throws IOException, InterruptedException {
    return send(() -> request(path, body, encoding), BoundedText.of(LONGEST_ANSWER));
  }

  /**
   * Asks once for something that may take a while to be there; how it went is told to the breaker.
   *
   * @param headers of the request, beside the key
   * @param wait how long the control plane is asked to wait
   * @return the answer, whose body is to be read and closed
   * @throws IOException if there was no answer
   */
  public HttpResponse<InputStream> get(String path, Map<String, String> headers, Duration wait)
      throws IOException, InterruptedException {
    return send(
        () -> {
          HttpRequest.Builder request =
              HttpRequest.newBuilder(URI.create(base() + path))
                  .timeout(settings.pacing().requestTimeout().plus(wait))
                  .header("Authorization", "Bearer " + settings.apiKey().get());
          headers.forEach(request::header);
          return request.build();
        },
        BodyHandlers.ofInputStream());
  }

  private <T> HttpResponse<T> send(
      Supplier<HttpRequest> request, HttpResponse.BodyHandler<T> handler)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    HttpResponse<T> response;
    try {
      response = clients.current().send(request.get(), handler);
    } catch (IOException e) {
      breaker.onError(System.nanoTime() - start, TimeUnit.NANOSECONDS, e);
      throw e;
    } catch (InterruptedException | RuntimeException e) {
      breaker.releasePermission();
      throw e;
    }
    long took = System.nanoTime() - start;
    if (response.statusCode() >= 500) {
      breaker.onError(
          took,
          TimeUnit.NANOSECONDS,
          new IOException("the control plane answered " + response.statusCode()));
    } else {
      breaker.onSuccess(took, TimeUnit.NANOSECONDS);
      answered.run();
    }
    return response;
  }

  private HttpRequest request(String path, byte[] body, Encoding encoding) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base() + path))
            .timeout(settings.pacing().requestTimeout())
            .header("Authorization", "Bearer " + settings.apiKey().get())
            .header("Content-Type", "application/json");
    if (encoding == Encoding.GZIP) {
      request.header("Content-Encoding", "gzip");
    }
    return request.POST(BodyPublishers.ofByteArray(body)).build();
  }

  private String base() {
    String base = settings.controlPlane().toString();
    return base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
  }

  /**
   * How long the control plane, or a proxy before it, asks to be left alone: milliseconds, bounded,
   * 0 if it does not ask. Both forms of RFC 9110, section 10.2.3, are read.
   */
  public long retryAfter(HttpResponse<?> response) {
    String value = response.headers().firstValue("retry-after").orElse("").trim();
    long millis;
    if (value.matches("\\d{1,9}")) {
      millis = TimeUnit.SECONDS.toMillis(Long.parseLong(value));
    } else {
      try {
        Instant date = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(value));
        millis = Math.max(0, Duration.between(Instant.now(), date).toMillis());
      } catch (DateTimeException e) {
        if (!value.isEmpty()) {
          log.debug("Retry-After '{}' is neither seconds nor a date", value, e);
        }
        return 0;
      }
    }
    return Math.min(millis, settings.pacing().maxRetryAfter().toMillis());
  }
}
