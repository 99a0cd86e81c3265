package io.llmtrace.cli.demo;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;

/** An LLM client as applications use one: HTTP/1.1 with its own trace. Thread-safe. */
final class DemoClient {
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final URI gateway;

  DemoClient(URI gateway) {
    this.gateway = gateway;
  }

  /**
   * What a client saw of one exchange.
   *
   * @param traceId 32 hex digits that the client sent
   * @param issuedId the {@code x-llmtrace-id} of the answer, where it has one
   * @param latencyMs until the last byte
   * @param events data lines of a streamed answer
   */
  record Seen(
      String traceId,
      int status,
      Optional<String> issuedId,
      String body,
      double latencyMs,
      int events) {}

  /** Sends a scenario and reads the answer to its end. */
  Seen send(DemoScenario scenario) throws IOException, InterruptedException {
    String traceId = hex(16);
    HttpRequest request =
        HttpRequest.newBuilder(gateway.resolve(scenario.path()))
            .timeout(LONGEST)
            .header("content-type", "application/json")
            .header("traceparent", "00-" + traceId + "-" + hex(8) + "-01")
            .POST(HttpRequest.BodyPublishers.ofString(scenario.body()))
            .build();
    long start = System.nanoTime();
    HttpResponse<InputStream> answer =
        http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    String body;
    try (InputStream in = answer.body()) {
      body = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    double latency = (System.nanoTime() - start) / 1e6;
    return new Seen(
        traceId,
        answer.statusCode(),
        answer.headers().firstValue("x-llmtrace-id"),
        body,
        latency,
        (int) body.lines().filter(line -> line.startsWith("data:")).count());
  }

  private static String hex(int bytes) {
    byte[] random = new byte[bytes];
    RANDOM.nextBytes(random);
    return HexFormat.of().formatHex(random);
  }
}
