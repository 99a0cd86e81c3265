package io.llmtrace.plugin.capture;

import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.telemetry.ControlPlaneClient;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.AnswerReader;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.wire.ContentPart;
import io.llmtrace.policies.wire.ContentRecord;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps content of the exchanges whose route asks for it. Every method returns at once: texts are
 * made on a thread of its own, after the exchange was decided, and sent from memory. Thread-safe.
 */
public final class ContentCapture implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ContentCapture.class);
  private static final int MOST_WAITING = 64;
  private static final int MOST_QUESTIONS = 20_000;
  private static final long QUESTION_MILLIS = Duration.ofMinutes(15).toMillis();

  /** Of a record with its names, beside its texts. */
  private static final int RECORD_BYTES = 1_024;

  private final ContentTexts texts;
  private final ContentSink sink;
  private final MemoryBudget memory;
  private final ContentMetrics metrics;
  private final ThreadPoolExecutor thread;
  private final Map<String, Waiting> questions = new LinkedHashMap<>();

  private record Waiting(Captured exchange, long at) {}

  /** Where content goes that is ready. */
  interface ContentSink extends AutoCloseable {
    /** Takes a record; the lease is closed once nobody holds it any more. */
    void offer(ContentRecord content, MemoryBudget.Lease lease);

    /** What an operator should know, or null. */
    @Nullable String problem();

    @Override
    void close();
  }

  ContentCapture(
      ContentTexts texts, ContentSink sink, long maxBytesInMemory, MeterRegistry meters) {
    this.texts = texts;
    this.sink = sink;
    this.memory = new MemoryBudget(maxBytesInMemory);
    this.metrics = new ContentMetrics(meters);
    this.thread =
        new ThreadPoolExecutor(
            0,
            1,
            30,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_WAITING),
            new DefaultThreadFactory("llmtrace-capture", true));
    Gauge.builder("llmtrace_plugin_content_bytes", memory, MemoryBudget::used)
        .description("Bytes of captured content in memory, about")
        .register(meters);
  }

  /**
   * One that sends to the control plane.
   *
   * @param node name of this node
   * @param client what this process calls its control plane with
   */
  public static ContentCapture open(
      DetectionEngine engine,
      String node,
      ControlPlaneClient client,
      long maxBytesInMemory,
      MeterRegistry meters) {
    return new ContentCapture(
        ContentTexts.of(engine),
        ContentSender.start(node, client, new ContentMetrics(meters)),
        maxBytesInMemory,
        meters);
  }

  /** Before the request goes on: whose its answer is. */
  public void expectAnswer(Captured exchange) {
    if (!exchange.conf().takes(exchange.decisionId())) {
      return;
    }
    long now = System.currentTimeMillis();
    synchronized (questions) {
      Iterator<Waiting> oldest = questions.values().iterator();
      while (oldest.hasNext()) {
        boolean full = questions.size() >= MOST_QUESTIONS;
        if (!full && now - oldest.next().at() < QUESTION_MILLIS) {
          break;
        }
        if (full) {
          Waiting unused = oldest.next();
          metrics.dropped("crowded_out", 1);
        }
        oldest.remove();
      }
      questions.put(exchange.decisionId(), new Waiting(exchange, now));
    }
  }

  /**
   * Keeps a request that was read.
   *
   * @param done called once, when the request's body is of no more use here
   */
  public void request(Captured exchange, Exchange content, SeenElsewhere seen, Runnable done) {
    if (!exchange.conf().takes(exchange.decisionId())) {
      done.run();
      return;
    }
    later(
        () -> {
          ContentTexts.Made made = texts.of(content.segments(), seen, exchange.conf());
          send(exchange, ContentPart.REQUEST, made);
        },
        done);
  }

  /**
   * Notes that there is nothing to keep of a request.
   *
   * @param why as its receipt says
   * @param bytes of its body
   */
  public void unread(Captured exchange, String why, long bytes) {
    if (exchange.conf().takes(exchange.decisionId())) {
      send(exchange, ContentPart.REQUEST, new ContentTexts.Made(List.of(), why, bytes));
    }
  }

  /** Keeps the answer of an exchange that is expected; once. */
  public void answer(String decisionId, @Nullable Api api, String body, SeenElsewhere seen) {
    Waiting waiting;
    synchronized (questions) {
      waiting = questions.remove(decisionId);
    }
    if (waiting == null || body.isBlank()) {
      return;
    }
    // Twice: as it came, and as it is read.
    MemoryBudget.Lease lease = memory.take(4L * body.length());
    if (lease == null) {
      metrics.dropped("memory", 1);
      return;
    }
    later(
        () -> {
          Answer answer = AnswerReader.read(api, body);
          ContentTexts.Made made = texts.of(answer.segments(), seen, waiting.exchange().conf());
          send(
              waiting.exchange(),
              ContentPart.ANSWER,
              answer.truncated() && made.leftOut().isEmpty()
                  ? new ContentTexts.Made(made.texts(), "truncated", 0)
                  : made);
        },
        lease::close);
  }

  /** The boundary of the thread: whatever happens to one content is counted, and done is called. */
  private void later(Runnable work, Runnable done) {
    try {
      thread.execute(
          () -> {
            try {
              work.run();
            } catch (RuntimeException | StackOverflowError | LinkageError e) {
              metrics.dropped("error", 1);
              // The kind alone: a message may quote the text.
              log.warn("content was not captured: {}", e.getClass().getName());
            } finally {
              done.run();
            }
          });
    } catch (RejectedExecutionException e) {
      log.debug("too much content waits", e);
      metrics.dropped("busy", 1);
      done.run();
    }
  }

  private void send(Captured exchange, ContentPart part, ContentTexts.Made made) {
    long bytes = RECORD_BYTES;
    for (var text : made.texts()) {
      bytes += RECORD_BYTES / 8 + 2L * text.text().length();
    }
    MemoryBudget.Lease lease = memory.take(bytes);
    if (lease == null) {
      metrics.dropped("memory", 1);
      return;
    }
    metrics.captured(part);
    sink.offer(
        new ContentRecord(
            exchange.decisionId(),
            part,
            System.currentTimeMillis(),
            exchange.tenant(),
            exchange.route(),
            exchange.consumer(),
            exchange.agent(),
            exchange.conf().mode(),
            made.texts(),
            made.leftOut(),
            made.leftOutBytes()),
        lease);
  }

  /** One that keeps nothing, whatever routes ask for. */
  public static ContentCapture none(MeterRegistry meters) {
    return new ContentCapture(
        new ContentTexts((segment, budget) -> Optional.empty(), Set.of()),
        new ContentSink() {
          @Override
          public void offer(ContentRecord content, MemoryBudget.Lease lease) {
            lease.close();
          }

          @Override
          public @Nullable String problem() {
            return null;
          }

          @Override
          public void close() {}
        },
        0,
        meters);
  }

  /** What an operator should know; empty when all is well. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    String problem = sink.problem();
    if (problem != null) {
      problems.add(problem);
    }
    return problems;
  }

  /** Makes what waits ready and sends what can be sent, for two seconds each; drops the rest. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(2, TimeUnit.SECONDS)) {
        metrics.dropped("shutdown", thread.getQueue().size());
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    sink.close();
  }
}
