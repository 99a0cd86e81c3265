package io.llmtrace.plugin.capture;

import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.telemetry.ControlPlaneClient;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.redact.TextRedaction;
import io.llmtrace.policies.wire.ContentAck;
import io.llmtrace.policies.wire.ContentBatch;
import io.llmtrace.policies.wire.ContentRecord;
import io.llmtrace.policies.wire.ContentText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
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
  private static final String PATH = "/api/v1/ingest/content";
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

  private final String node;
  private final ControlPlaneClient client;
  private final ControlPlaneClient.Backoff backoff;
  private final ContentMetrics metrics;
  private final LinkedBlockingQueue<Item> queue = new LinkedBlockingQueue<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread = new Thread(this, "llmtrace-content-sender");
  private volatile @Nullable String problem;

  private ContentSender(String node, ControlPlaneClient client, ContentMetrics metrics) {
    this.node = node;
    this.client = client;
    this.backoff = client.backoff();
    this.metrics = metrics;
    this.thread.setDaemon(true);
  }

  static ContentSender start(String node, ControlPlaneClient client, ContentMetrics metrics) {
    ContentSender sender = new ContentSender(node, client, metrics);
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
    if (!client.tryAcquire()) {
      return client.pacing().firstDelay().toMillis();
    }
    byte[] body;
    try {
      body = packed(batch);
    } catch (IOException e) {
      client.release();
      // Without the fault, which may quote the text.
      log.error("content has no JSON form and is dropped");
      drop(batch, "error");
      return 0;
    }
    HttpResponse<String> answer;
    try {
      answer = client.post(PATH, body, ControlPlaneClient.Encoding.GZIP);
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
      case 401, 403 -> {
        long unused = failed("the control plane does not take content with this key");
        return client.pacing().refusedDelay().toMillis();
      }
      default -> {
        long delay = failed("the control plane answered content with " + answer.statusCode());
        return Math.max(delay, client.retryAfter(answer));
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
    backoff.succeeded();
    return 0;
  }

  private long failed(String what) {
    if (!backoff.isFailing()) {
      log.warn("{}; it waits in memory and is dropped when that is full", what);
    }
    problem = what;
    return backoff.failed();
  }

  private void drop(List<Item> batch, String reason) {
    metrics.dropped(reason, batch.size());
    batch.forEach(item -> item.lease().close());
    batch.clear();
  }

  private byte[] packed(List<Item> batch) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      WireJson.mapper()
          .writeValue(
              gzip,
              new ContentBatch(
                  ContentBatch.SCHEMA, node, batch.stream().map(Item::content).toList()));
    }
    return bytes.toByteArray();
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
