package io.llmtrace.plugin.capture;

import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.policies.redact.TextRedaction;
import io.llmtrace.policies.wire.ContentAck;
import io.llmtrace.policies.wire.ContentBatch;
import io.llmtrace.policies.wire.ContentRecord;
import io.llmtrace.policies.wire.ContentText;
import io.llmtrace.policies.wire.WireJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends content from memory, some records at a time, the same ones until the control plane has
 * taken or refused them. Thread-safe; the queue is bounded by whoever gives the leases.
 */
final class ContentSender implements ContentCapture.ContentSink, Runnable {
  private static final Logger log = LoggerFactory.getLogger(ContentSender.class);
  private static final int RECORDS = 100;
  private static final long TEXT_BYTES = 1 << 20;
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final long CLOSE_MILLIS = 2_000;

  private record Item(ContentRecord content, MemoryBudget.Lease lease) {
    long bytes() {
      long bytes = 0;
      for (ContentText text : content.texts()) {
        bytes += TextRedaction.bytes(text.text());
      }
      return bytes;
    }
  }

  private final ContentCapture.Settings settings;
  private final ContentMetrics metrics;
  private final HttpClient client;
  private final LinkedBlockingQueue<Item> queue = new LinkedBlockingQueue<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread = new Thread(this, "llmtrace-content-sender");
  private volatile @Nullable String problem;
  private int failures;

  private ContentSender(ContentCapture.Settings settings, ContentMetrics metrics) {
    this.settings = settings;
    this.metrics = metrics;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
    this.thread.setDaemon(true);
  }

  static ContentSender start(ContentCapture.Settings settings, ContentMetrics metrics) {
    ContentSender sender = new ContentSender(settings, metrics);
    sender.thread.start();
    return sender;
  }

  @Override
  public void offer(ContentRecord content, MemoryBudget.Lease lease) {
    queue.add(new Item(content, lease));
  }

  @Override
  public @Nullable String problem() {
    return problem;
  }

  @Override
  public void run() {
    List<Item> batch = new ArrayList<>();
    try {
      while (closing.getCount() > 0 || !batch.isEmpty() || !queue.isEmpty()) {
        if (batch.isEmpty()) {
          fill(batch);
        }
        if (!batch.isEmpty()) {
          long pause = send(batch);
          if (pause > 0 && closing.await(pause, TimeUnit.MILLISECONDS)) {
            break;
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      queue.drainTo(batch);
      drop(batch, "shutdown");
    }
  }

  private void fill(List<Item> batch) throws InterruptedException {
    Item next = queue.poll(100, TimeUnit.MILLISECONDS);
    long bytes = 0;
    while (next != null) {
      batch.add(next);
      bytes += next.bytes();
      next = batch.size() < RECORDS && bytes < TEXT_BYTES ? queue.poll() : null;
    }
  }

  /** Sends; empties the batch unless it is to be sent again. Returns milliseconds to wait. */
  private long send(List<Item> batch) throws InterruptedException {
    HttpResponse<String> answer;
    try {
      answer = post(batch);
    } catch (IOException e) {
      return failed("the control plane is not reachable for content: " + e.getClass().getName());
    }
    switch (answer.statusCode()) {
      case 200 -> {
        return acknowledged(batch, answer.body());
      }
      case 400, 413, 422 -> {
        log.error("the control plane refused content for good: {}", answer.statusCode());
        problem = "the control plane refused content: " + answer.statusCode();
        drop(batch, "refused");
        return 0;
      }
      case 404, 405 -> {
        problem = "the control plane takes no content; it is older than this plugin";
        drop(batch, "unsupported");
        return 0;
      }
      default -> {
        return failed("the control plane answered content with " + answer.statusCode());
      }
    }
  }

  private long acknowledged(List<Item> batch, String body) {
    ContentAck ack;
    try {
      ack = WireJson.mapper().readValue(body, ContentAck.class);
    } catch (IOException e) {
      // A proxy's friendly page.
      return failed("an answer about content is no acknowledgement");
    }
    ack.refused()
        .forEach(
            (reason, count) ->
                log.warn("the control plane refused {} parts of content: {}", count, reason));
    problem =
        ack.refused().containsKey("no_key")
            ? "the control plane has no key for content and refuses it"
            : null;
    batch.forEach(item -> item.lease().close());
    batch.clear();
    failures = 0;
    return 0;
  }

  private long failed(String what) {
    if (failures == 0) {
      log.warn("{}; it waits in memory and is dropped when that is full", what);
    }
    problem = what;
    long bound =
        Math.min(
            settings.maxDelay().toMillis(),
            settings.firstDelay().toMillis() << Math.min(failures, 16));
    failures++;
    return 1 + ThreadLocalRandom.current().nextLong(bound + 1);
  }

  private void drop(List<Item> batch, String reason) {
    metrics.dropped(reason, batch.size());
    batch.forEach(item -> item.lease().close());
    batch.clear();
  }

  private HttpResponse<String> post(List<Item> batch) throws IOException, InterruptedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      WireJson.mapper()
          .writeValue(
              gzip,
              new ContentBatch(
                  ContentBatch.SCHEMA,
                  settings.node(),
                  batch.stream().map(Item::content).toList()));
    }
    String base = settings.controlPlane().toString();
    String path = (base.endsWith("/") ? "" : "/") + "api/v1/ingest/content";
    return client.send(
        HttpRequest.newBuilder(URI.create(base + path))
            .timeout(TIMEOUT)
            .header("Authorization", "Bearer " + settings.apiKey().get())
            .header("Content-Type", "application/json")
            .header("Content-Encoding", "gzip")
            .POST(HttpRequest.BodyPublishers.ofByteArray(bytes.toByteArray()))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Sends what is there, for two seconds; a call that fails ends it. */
  @Override
  public void close() {
    closing.countDown();
    try {
      thread.join(CLOSE_MILLIS);
      thread.interrupt();
      thread.join(1_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
