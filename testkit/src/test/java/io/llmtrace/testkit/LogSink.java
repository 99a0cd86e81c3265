package io.llmtrace.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Takes deliveries of the http-logger; refuses the first few where a test says so. */
final class LogSink implements AutoCloseable {
  /**
   * One delivery.
   *
   * @param authorization the secret that came with it
   */
  record Delivery(JsonNode body, String authorization) {}

  final AtomicInteger refusals = new AtomicInteger();
  private final BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
  private final HttpServer server;

  LogSink() throws IOException {
    ObjectMapper json = new ObjectMapper();
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/logs",
        call -> {
          deliveries.add(
              new Delivery(
                  json.readTree(call.getRequestBody().readAllBytes()),
                  call.getRequestHeaders().getFirst("Authorization")));
          boolean refused = refusals.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
          call.sendResponseHeaders(refused ? 503 : 200, -1);
          call.close();
        });
    server.start();
  }

  /** The logger's settings that lead here; more of them as YAML, beginning with a comma. */
  String plugin(String more) {
    return "http-logger: {uri: 'http://127.0.0.1:%d/logs'%s}"
        .formatted(server.getAddress().getPort(), more);
  }

  /** The next delivery; fails when none comes within half a minute. */
  Delivery take() throws InterruptedException {
    Delivery next = deliveries.poll(30, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing was delivered for 30 s");
    }
    return next;
  }

  /** True when nothing has come for that long. */
  boolean quiet(long millis) throws InterruptedException {
    return deliveries.poll(millis, TimeUnit.MILLISECONDS) == null;
  }

  /**
   * The only entry of the next delivery, which is an object of its own or the only one of a list.
   */
  JsonNode takeOne() throws InterruptedException {
    JsonNode body = take().body();
    if (body.isObject()) {
      return body;
    }
    List<JsonNode> entries = new ArrayList<>();
    body.forEach(entries::add);
    if (entries.size() != 1) {
      throw new AssertionError("one entry expected, got " + entries);
    }
    return entries.get(0);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
