package io.llmtrace.plugin.telemetry;

import com.fasterxml.jackson.core.JsonGenerator;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.llmtrace.policies.wire.BatchAck;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.policies.wire.WireJson;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends batches one at a time, the same one until it is acknowledged or refused for good. Failures
 * are repeated with exponential backoff and full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), so that nodes do not
 * come back in step. Runs on one thread.
 */
final class Sender implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Sender.class);
  private static final long IDLE_MILLIS = 50;

  private final Spool spool;
  private final TelemetrySettings settings;
  private final CircuitBreaker breaker;
  private final MeterRegistry metrics;
  private final HttpClient client;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private volatile long drainUntil;
  private volatile @Nullable String problem;
  private int failures;

  Sender(Spool spool, TelemetrySettings settings, CircuitBreaker breaker, MeterRegistry metrics) {
    this.spool = spool;
    this.settings = settings;
    this.breaker = breaker;
    this.metrics = metrics;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(settings.pacing().requestTimeout())
            .build();
  }

  /** What the control plane has against us, or null. */
  @Nullable String problem() {
    return problem;
  }

  /** Ends the thread when the spool is empty, when a call fails, or when this time has passed. */
  void stop(Duration drain) {
    drainUntil = System.nanoTime() + drain.toNanos();
    stopped.countDown();
  }

  @Override
  public void run() {
    try {
      while (true) {
        long pause = step();
        if (stopped.getCount() == 0) {
          boolean late = System.nanoTime() - drainUntil >= 0;
          if (late || pause > 0) {
            return;
          }
        } else if (pause > 0) {
          boolean unused = stopped.await(pause, TimeUnit.MILLISECONDS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sends one batch. Returns how long to wait before the next, in milliseconds. */
  private long step() throws InterruptedException {
    try {
      Optional<SealedBatch> next = spool.next();
      if (next.isEmpty()) {
        return IDLE_MILLIS;
      }
      if (!breaker.tryAcquirePermission()) {
        return settings.pacing().firstDelay().toMillis();
      }
      Optional<SegmentFile.Contents> contents;
      try {
        contents = spool.claim(next.get());
      } catch (IOException e) {
        breaker.releasePermission();
        throw e;
      }
      if (contents.isEmpty()) {
        breaker.releasePermission();
        return 0;
      }
      return send(next.get(), contents.get());
    } catch (IOException e) {
      log.warn("the spool cannot be read or emptied: {}", e.getMessage());
      problem = "the spool cannot be read or emptied: " + e.getMessage();
      return backoff();
    }
  }

  private long send(SealedBatch batch, SegmentFile.Contents contents)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    HttpResponse<String> response;
    try {
      response = post("/api/v1/ingest/batches", body(batch, contents));
    } catch (IOException e) {
      breaker.onError(System.nanoTime() - start, TimeUnit.NANOSECONDS, e);
      return failed("unreachable", "the control plane is not reachable: " + e);
    }
    int status = response.statusCode();
    if (status >= 500) {
      breaker.onError(
          System.nanoTime() - start,
          TimeUnit.NANOSECONDS,
          new IOException("the control plane answered " + status));
    } else {
      breaker.onSuccess(System.nanoTime() - start, TimeUnit.NANOSECONDS);
    }
    if (status == 200 && acknowledges(response.body(), batch)) {
      spool.acknowledge(batch, contents);
      metrics.counter("llmtrace.plugin.batches.sent").increment();
      failures = 0;
      problem = null;
      return 0;
    }
    return switch (status) {
      case 400, 413, 422 -> {
        log.error("the control plane refused {} for good: {}", batch.path(), status);
        spool.reject(batch);
        yield 0;
      }
      case 401, 403, 404 -> {
        failed("refused", "the control plane refuses this node's batches: " + status);
        yield settings.pacing().refusedDelay().toMillis();
      }
      default -> {
        long delay = failed("answer", "the control plane answered " + status);
        yield Math.max(delay, retryAfter(response));
      }
    };
  }

  /** A proxy's friendly page is no acknowledgement. */
  private static boolean acknowledges(String body, SealedBatch batch) {
    try {
      return WireJson.mapper().readValue(body, BatchAck.class).sequence() == batch.sequence();
    } catch (IOException e) {
      log.warn("an answer of the control plane is no acknowledgement: {}", e.getMessage());
      return false;
    }
  }

  private long failed(String reason, String what) {
    metrics.counter("llmtrace.plugin.batches.failed", "reason", reason).increment();
    problem = what;
    if (failures == 0) {
      log.warn("{}; records are kept in the spool", what);
    }
    return backoff();
  }

  private long backoff() {
    TelemetrySettings.Pacing pacing = settings.pacing();
    long bound =
        Math.min(
            pacing.maxDelay().toMillis(), pacing.firstDelay().toMillis() << Math.min(failures, 16));
    failures++;
    return 1 + ThreadLocalRandom.current().nextLong(bound + 1);
  }

  /**
   * How long the control plane, or a proxy before it, asks to be left alone: milliseconds, bounded,
   * 0 if it does not ask. Both forms of RFC 9110, section 10.2.3, are read.
   */
  private long retryAfter(HttpResponse<?> response) {
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

  /**
   * Sends a snapshot once.
   *
   * @throws IOException if it did not arrive
   */
  void send(NodeSnapshot snapshot) throws IOException, InterruptedException {
    if (!breaker.tryAcquirePermission()) {
      return;
    }
    long start = System.nanoTime();
    int status;
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (OutputStream gzip = new GZIPOutputStream(bytes)) {
        WireJson.mapper().writeValue(gzip, snapshot);
      }
      status = post("/api/v1/ingest/snapshots", bytes.toByteArray()).statusCode();
    } catch (IOException e) {
      breaker.onError(System.nanoTime() - start, TimeUnit.NANOSECONDS, e);
      throw e;
    }
    if (status >= 500) {
      IOException answer = new IOException("the control plane answered " + status);
      breaker.onError(System.nanoTime() - start, TimeUnit.NANOSECONDS, answer);
      throw answer;
    }
    breaker.onSuccess(System.nanoTime() - start, TimeUnit.NANOSECONDS);
  }

  private HttpResponse<String> post(String path, byte[] gzip)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(base() + path))
            .timeout(settings.pacing().requestTimeout())
            .header("Authorization", "Bearer " + settings.apiKey().get())
            .header("Content-Type", "application/json")
            .header("Content-Encoding", "gzip")
            .POST(BodyPublishers.ofByteArray(gzip))
            .build();
    return client.send(request, BodyHandlers.ofString());
  }

  private String base() {
    String base = settings.controlPlane().toString();
    return base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
  }

  /** The records go out as they were written: an older release's are not read and written anew. */
  private static byte[] body(SealedBatch batch, SegmentFile.Contents contents) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json =
        WireJson.mapper().getFactory().createGenerator(new GZIPOutputStream(bytes))) {
      json.writeStartObject();
      json.writeNumberField("schema", contents.schema());
      json.writeStringField("node", contents.node());
      json.writeStringField("boot_id", batch.bootId());
      json.writeNumberField("sequence", batch.sequence());
      json.writeArrayFieldStart("records");
      for (byte[] item : contents.records()) {
        json.writeRawValue(new String(item, StandardCharsets.UTF_8));
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }
}
