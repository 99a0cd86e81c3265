package io.llmtrace.plugin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.BatchAck;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.ContentAck;
import io.llmtrace.policies.wire.ContentBatch;
import io.llmtrace.policies.wire.ContentRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;

/** Takes batches as a control plane does, and shows their records by decision id. */
final class BatchCollector implements AutoCloseable {
  final Map<String, InspectionRecord> inspections = new ConcurrentHashMap<>();
  final Map<String, CompletionRecord> completions = new ConcurrentHashMap<>();
  final List<ContentRecord> contents = new CopyOnWriteArrayList<>();

  /** What is answered; anything but 200 takes nothing. */
  volatile int batchStatus = 200;

  volatile int contentStatus = 200;

  /** The bundle of policies that is given to who has another; null gives none. */
  volatile Given bundle;

  /** What was last said about a bundle that was refused; empty where none was. */
  volatile String refused = "";

  /**
   * A bundle.
   *
   * @param tag as its receiver names it when it has it
   */
  @SuppressWarnings("ArrayRecordComponent") // never changed
  record Given(byte[] sealed, String tag) {}

  private final HttpServer server;

  BatchCollector() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/api/v1/ingest/batches", this::ingest);
    server.createContext("/api/v1/ingest/content", this::content);
    server.createContext("/api/v1/ingest/bundle", this::bundle);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
  }

  /** Waits, as a control plane does, until there is another bundle than the one that is named. */
  private void bundle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String query = exchange.getRequestURI().getQuery();
      refused = query.contains("&refused=") ? query.substring(query.indexOf("&refused=")) : "";
      String has = exchange.getRequestHeaders().getFirst("If-None-Match");
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
      Given given = bundle;
      while (given == null || ('"' + given.tag() + '"').equals(has)) {
        if (System.nanoTime() > end) {
          exchange.sendResponseHeaders(304, -1);
          return;
        }
        Thread.sleep(20);
        given = bundle;
      }
      exchange.getResponseHeaders().set("ETag", '"' + given.tag() + '"');
      exchange.sendResponseHeaders(200, given.sealed().length);
      exchange.getResponseBody().write(given.sealed());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void ingest(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (batchStatus != 200) {
        exchange.sendResponseHeaders(batchStatus, -1);
        return;
      }
      Batch batch =
          WireJson.mapper().readValue(new GZIPInputStream(exchange.getRequestBody()), Batch.class);
      for (TelemetryRecord each : batch.records()) {
        if (each instanceof InspectionRecord inspection) {
          inspections.put(inspection.decisionId(), inspection);
        } else if (each instanceof CompletionRecord completion) {
          completions.put(completion.decisionId(), completion);
        }
      }
      byte[] ack = WireJson.mapper().writeValueAsBytes(new BatchAck(batch.sequence(), false));
      exchange.sendResponseHeaders(200, ack.length);
      exchange.getResponseBody().write(ack);
    }
  }

  private void content(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (contentStatus != 200) {
        exchange.sendResponseHeaders(contentStatus, -1);
        return;
      }
      ContentBatch batch =
          WireJson.mapper()
              .readValue(new GZIPInputStream(exchange.getRequestBody()), ContentBatch.class);
      contents.addAll(batch.records());
      byte[] ack =
          WireJson.mapper().writeValueAsBytes(new ContentAck(batch.records().size(), Map.of()));
      exchange.sendResponseHeaders(200, ack.length);
      exchange.getResponseBody().write(ack);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
