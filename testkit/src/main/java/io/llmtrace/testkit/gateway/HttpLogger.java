package io.llmtrace.testkit.gateway;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.testkit.gateway.GatewayConfig.Route;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * The http-logger plugin: entries by route, delivered in batches. Its state lives on one thread of
 * its own; it delivers there too, as logs are no part of a request.
 */
final class HttpLogger implements AutoCloseable {
  private static final int CLIENT_ERRORS = 400;

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread made = new Thread(task, "test-gateway-logger");
            made.setDaemon(true);
            return made;
          });
  private final HttpClient http = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final Map<String, LogBuffer> buffers = new HashMap<>();

  /** Logs an exchange that is over, if its route says so. */
  void log(Exchange x) {
    Route route = x.route;
    Optional<Map<String, Object>> conf =
        route == null ? Optional.empty() : route.plugin("http-logger");
    if (route != null && conf.isPresent()) {
      thread.execute(
          () ->
              buffers
                  .computeIfAbsent(
                      route.id(),
                      id -> new LogBuffer(thread, conf.get(), batch -> deliver(conf.get(), batch)))
                  .push(LogEntry.of(conf.get(), x)));
    }
  }

  /** Empty when the batch has arrived, else why not. */
  private Optional<String> deliver(Map<String, Object> conf, List<Map<String, Object>> batch) {
    try {
      Object body = LogBuffer.number(conf, "batch_max_size", 1000) == 1 ? batch.get(0) : batch;
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(String.valueOf(conf.get("uri"))))
              .timeout(Duration.ofSeconds(LogBuffer.number(conf, "timeout", 3)))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body)));
      if (conf.get("auth_header") instanceof String secret) {
        request.header("Authorization", secret);
      }
      int status = http.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
      return status < CLIENT_ERRORS ? Optional.empty() : Optional.of("status " + status);
    } catch (IOException e) {
      return Optional.of(e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("stopped");
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
