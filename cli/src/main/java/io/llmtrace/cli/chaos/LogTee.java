package io.llmtrace.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Stands between the gateway's log and the plugin's tap, and remembers which exchanges the gateway
 * logged. What the tap answers goes back to the gateway, which sends a refused batch again, so an
 * entry is counted by its request id. Thread-safe.
 */
final class LogTee implements AutoCloseable {
  /** Under the three seconds after which http-logger gives up. */
  private static final Duration LONGEST = Duration.ofMillis(2_500);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(LONGEST).build();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Set<String> logged = ConcurrentHashMap.newKeySet();
  private final HttpServer server;
  private final URI tap;

  private LogTee(HttpServer server, URI tap) {
    this.server = server;
    this.tap = tap;
  }

  static LogTee before(URI tap) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    LogTee tee = new LogTee(server, tap);
    server.createContext("/tap", tee::receive);
    server.setExecutor(tee.threads);
    server.start();
    return tee;
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** Exchanges that the gateway logged until now, each once. */
  int logged() {
    return logged.size();
  }

  private void receive(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      JsonNode root = WireJson.mapper().readTree(body);
      if (root.isArray()) {
        root.forEach(this::remember);
      } else {
        remember(root);
      }
      int status;
      try {
        status = pass(exchange, body);
      } catch (IOException e) {
        // To the gateway it is as if the tap had answered so: it tries again.
        status = 502;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        status = 503;
      }
      exchange.sendResponseHeaders(status, -1);
    }
  }

  private void remember(JsonNode entry) {
    logged.add(entry.path("request_id").asText());
  }

  private int pass(HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(tap)
            .timeout(LONGEST)
            .header("content-type", "application/json")
            .header("authorization", exchange.getRequestHeaders().getFirst("authorization"))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
