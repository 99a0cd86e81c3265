package io.llmtrace.plugin.telemetry;

import com.fasterxml.jackson.core.JsonGenerator;
import io.llmtrace.plugin.telemetry.ControlPlaneClient.Encoding;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.BatchAck;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends batches one at a time, the same one until it is acknowledged or refused for good. Failures
 * are repeated as {@link ControlPlaneClient.Backoff} says, and at once when another call has
 * reached the control plane. Runs on one thread.
 */
final class Sender implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Sender.class);
  private static final long IDLE_MILLIS = 50;

  private final Spool spool;
  private final TelemetrySettings settings;
  private final ControlPlaneClient client;
  private final ControlPlaneClient.Backoff backoff;
  private final MeterRegistry metrics;

  /** Ends a pause early: the control plane answers again, or we are to stop. */
  private final Semaphore wake = new Semaphore(0);

  private volatile boolean stopped;
  private volatile boolean unreachable;
  private volatile long drainUntil;
  private long notBefore = System.nanoTime();
  private volatile @Nullable String problem;

  Sender(
      Spool spool, TelemetrySettings settings, ControlPlaneClient client, MeterRegistry metrics) {
    this.spool = spool;
    this.settings = settings;
    this.client = client;
    this.backoff = client.backoff();
    this.metrics = metrics;
    client.whenItAnswers(this::reached);
  }

  /**
   * It does not matter who has reached the control plane: what waits because nobody could need not
   * wait longer. What it answered with an error is not hurried by answers to others.
   */
  private void reached() {
    if (unreachable) {
      wake.release();
    }
  }

  /** What the control plane has against us, or null. */
  @Nullable String problem() {
    return problem;
  }

  /** Ends the thread when the spool is empty, when a call fails, or when this time has passed. */
  void stop(Duration drain) {
    drainUntil = System.nanoTime() + drain.toNanos();
    stopped = true;
    wake.release();
  }

  @Override
  public void run() {
    try {
      while (true) {
        long pause = step();
        if (stopped) {
          boolean late = System.nanoTime() - drainUntil >= 0;
          if (late || pause > 0) {
            return;
          }
        } else if (pause > 0) {
          await(pause);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void await(long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    wake.drainPermits();
    while (!stopped) {
      long left = end - System.nanoTime();
      boolean woken = left > 0 && wake.tryAcquire(left, TimeUnit.NANOSECONDS);
      if (!woken || System.nanoTime() - notBefore >= 0) {
        return;
      }
    }
  }

  /** Sends one batch. Returns how long to wait before the next, in milliseconds. */
  private long step() throws InterruptedException {
    try {
      Optional<SealedBatch> next = spool.next();
      if (next.isEmpty()) {
        return IDLE_MILLIS;
      }
      if (!client.tryAcquire()) {
        return settings.pacing().firstDelay().toMillis();
      }
      Optional<SegmentFile.Contents> contents;
      byte[] body;
      try {
        contents = spool.claim(next.get());
        if (contents.isEmpty()) {
          client.release();
          return 0;
        }
        body = body(next.get(), contents.get());
      } catch (IOException | RuntimeException e) {
        client.release();
        throw e;
      }
      return send(next.get(), contents.get(), body);
    } catch (IOException e) {
      log.warn("the spool cannot be read or emptied: {}", e.getMessage());
      problem = "the spool cannot be read or emptied: " + e.getMessage();
      return backoff.failed();
    }
  }

  private long send(SealedBatch batch, SegmentFile.Contents contents, byte[] body)
      throws IOException, InterruptedException {
    HttpResponse<String> response;
    try {
      response = client.post("/api/v1/ingest/batches", body, Encoding.GZIP);
    } catch (IOException e) {
      unreachable = true;
      long delay = failed("unreachable", "the control plane is not reachable: " + e);
      // Where others reach it and this call does not, it is not tried without a pause either.
      atLeast(settings.pacing().firstDelay().toMillis());
      return delay;
    }
    unreachable = false;
    int status = response.statusCode();
    if (status == 200 && acknowledges(response.body(), batch)) {
      spool.acknowledge(batch, contents);
      metrics.counter("llmtrace.plugin.batches.sent").increment();
      backoff.succeeded();
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
        yield atLeast(settings.pacing().refusedDelay().toMillis());
      }
      default -> {
        long delay = failed("answer", "the control plane answered " + status);
        yield Math.max(delay, atLeast(client.retryAfter(response)));
      }
    };
  }

  /** A pause that nothing ends but a stop. */
  private long atLeast(long millis) {
    notBefore = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    return millis;
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
    if (!backoff.isFailing()) {
      log.warn("{}; records are kept in the spool", what);
    }
    return backoff.failed();
  }

  /**
   * Sends a snapshot once.
   *
   * @throws IOException if it did not arrive
   */
  void send(NodeSnapshot snapshot) throws IOException, InterruptedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      WireJson.mapper().writeValue(gzip, snapshot);
    }
    if (!client.tryAcquire()) {
      return;
    }
    HttpResponse<String> answer =
        client.post("/api/v1/ingest/snapshots", bytes.toByteArray(), Encoding.GZIP);
    switch (answer.statusCode()) {
      case 401, 403, 404 ->
          log.debug("no snapshot was taken: {}", answer.statusCode()); // As of batches.
      case 409, 413, 429 -> throw new IOException(reason(answer));
      default -> {
        if (answer.statusCode() >= 500) {
          throw new IOException("the control plane answered " + answer.statusCode());
        }
      }
    }
  }

  /** What the control plane says of itself, as far as it is one. */
  private static String reason(HttpResponse<String> answer) {
    String said = "the control plane answered " + answer.statusCode();
    try {
      String detail = WireJson.mapper().readTree(answer.body()).path("detail").asText();
      return detail.isEmpty()
          ? said
          : said + ": " + detail.substring(0, Math.min(300, detail.length()));
    } catch (IOException e) {
      return said;
    }
  }

  /** The records go out as they were written: an older release's are not read and written anew. */
  private static byte[] body(SealedBatch batch, SegmentFile.Contents contents) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json =
        WireJson.mapper().getFactory().createGenerator(new QuickGzip(bytes))) {
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

  /**
   * Gzip that takes the least time: this runs beside traffic, and records are so much alike that
   * they shrink to an eighth all the same.
   */
  private static final class QuickGzip extends GZIPOutputStream {
    private static final int BUFFER_BYTES = 8 << 10;

    QuickGzip(OutputStream out) throws IOException {
      super(out, BUFFER_BYTES);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }
}
