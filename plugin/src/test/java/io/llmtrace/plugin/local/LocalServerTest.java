package io.llmtrace.plugin.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LocalServerTest {
  private final PrometheusMeterRegistry metrics =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final List<String> threads = new CopyOnWriteArrayList<>();
  private final List<String> received = new CopyOnWriteArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private boolean diskFull;
  private LocalServer server;

  private final class RecordingTap implements TapEndpoint {
    @Override
    public boolean authorized(@Nullable String authorization) {
      return "tap-secret".equals(authorization);
    }

    @Override
    public void receive(byte[] body) throws IOException {
      threads.add(Thread.currentThread().getName());
      if (diskFull) {
        throw new IOException("No space left on device");
      }
      received.add(new String(body, StandardCharsets.UTF_8));
    }
  }

  private LocalServer.Endpoints endpoints() {
    return new LocalServer.Endpoints(
        () -> Map.of("status", "healthy"),
        metrics,
        new RecordingTap(),
        "inspect-key"::equals,
        json -> {
          if (json.length == 0) {
            throw new IllegalArgumentException("expected {\"text\": …}");
          }
          return json;
        });
  }

  @BeforeEach
  void start() throws Exception {
    server = LocalServer.start("127.0.0.1", 0, endpoints());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private HttpResponse<String> send(String method, String path, byte[] body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .method(method, BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  @Test
  void healthIsTheSuppliersMapAsJson() throws Exception {
    HttpResponse<String> answer = send("GET", "/health", new byte[0]);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"status\":\"healthy\"}");
  }

  @Test
  void metricsAreTheRegistryAsPrometheusText() throws Exception {
    metrics.counter("llmtrace.plugin.things").increment();
    HttpResponse<String> answer = send("GET", "/metrics", new byte[0]);
    assertThat(answer.headers().firstValue("content-type").orElseThrow())
        .startsWith("text/plain; version=0.0.4");
    assertThat(answer.body()).contains("llmtrace_plugin_things_total 1.0");
    HttpResponse<String> open =
        send("GET", "/metrics", new byte[0], "accept", "application/openmetrics-text");
    assertThat(open.body()).endsWith("# EOF\n");
  }

  @Test
  void theTapNeedsItsSecretAndWorksOffTheEventLoop() throws Exception {
    byte[] body = "[]".getBytes(StandardCharsets.UTF_8);
    assertThat(send("POST", "/tap", body).statusCode()).isEqualTo(401);
    assertThat(send("POST", "/tap", body, "authorization", "guess").statusCode()).isEqualTo(401);
    assertThat(received).isEmpty();
    assertThat(send("POST", "/tap?", body, "authorization", "tap-secret").statusCode())
        .isEqualTo(200);
    assertThat(received).containsExactly("[]");
    assertThat(threads).allMatch(name -> name.startsWith("llmtrace-local-work"));
  }

  @Test
  void aBodyWithoutTheSecretIsNotKeptAndItsConnectionGoesOn() throws Exception {
    // Longer than any body that is allowed: were it gathered, the answer would be 413.
    byte[] flood = new byte[LocalServer.MAX_TAP_BODY + 1];
    assertThat(send("POST", "/tap", flood).statusCode()).isEqualTo(401);
    assertThat(send("POST", "/inspect", flood, "authorization", "Bearer x").statusCode())
        .isEqualTo(401);
    assertThat(send("POST", "/health", flood).statusCode()).isEqualTo(405);
    assertThat(send("POST", "/tap", flood, "authorization", "tap-secret").statusCode())
        .isEqualTo(413);
  }

  @Test
  void aBodyOfUnknownLengthIsCutAtTheLimitAndItsConnectionGoesOn() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      BufferedOutputStream out = new BufferedOutputStream(socket.getOutputStream());
      String head =
          "POST /tap HTTP/1.1\r\nhost: x\r\nauthorization: tap-secret\r\n%s: chunked\r\n\r\n";
      out.write(head.formatted("transfer-encoding").getBytes(StandardCharsets.US_ASCII));
      byte[] chunk = new byte[1 << 20];
      for (int sent = 0; sent <= LocalServer.MAX_TAP_BODY; sent += chunk.length) {
        out.write("100000\r\n".getBytes(StandardCharsets.US_ASCII));
        out.write(chunk);
        out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
      }
      out.write(
          "0\r\n\r\nGET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answers).contains("HTTP/1.1 413").endsWith("{\"status\":\"healthy\"}");
    }
    assertThat(received).isEmpty();
  }

  @Test
  void entriesThatCannotBeKeptAreAskedForAgain() throws Exception {
    diskFull = true;
    HttpResponse<String> answer = send("POST", "/tap", new byte[2], "authorization", "tap-secret");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("retry-after")).contains("1");
  }

  @Test
  void inspectNeedsItsKeyAndAnswersWhatTheEndpointSays() throws Exception {
    byte[] body = "{\"text\":\"hi\"}".getBytes(StandardCharsets.UTF_8);
    assertThat(send("POST", "/inspect", body).statusCode()).isEqualTo(401);
    assertThat(send("POST", "/inspect", body, "authorization", "Bearer wrong").statusCode())
        .isEqualTo(401);
    HttpResponse<String> answer =
        send("POST", "/inspect", body, "authorization", "Bearer inspect-key");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"text\":\"hi\"}");
    HttpResponse<String> bad =
        send("POST", "/inspect", new byte[0], "authorization", "Bearer inspect-key");
    assertThat(bad.statusCode()).isEqualTo(400);
    assertThat(bad.body()).contains("expected {\\\"text\\\": …}");
  }

  @Test
  void everyRefusalIsAProblemDocument() throws Exception {
    HttpResponse<String> missing = send("GET", "/nothing", new byte[0]);
    assertThat(missing.statusCode()).isEqualTo(404);
    assertThat(missing.headers().firstValue("content-type")).contains("application/problem+json");
    assertThat(missing.body()).contains("\"status\":404");
    HttpResponse<String> method = send("DELETE", "/health", new byte[0]);
    assertThat(method.statusCode()).isEqualTo(405);
    assertThat(method.headers().firstValue("allow")).contains("GET");
    HttpResponse<String> large =
        send(
            "POST",
            "/inspect",
            new byte[LocalServer.MAX_INSPECT_BODY + 1],
            "authorization",
            "Bearer inspect-key");
    assertThat(large.statusCode()).isEqualTo(413);
    assertThat(large.body()).contains("\"status\":413");
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrder() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      String get = "GET %s HTTP/1.1\r\nhost: x\r\nconnection: %s\r\n\r\n";
      String both = get.formatted("/health", "keep-alive") + get.formatted("/nothing", "close");
      socket.getOutputStream().write(both.getBytes(StandardCharsets.US_ASCII));
      String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answers.indexOf("200 OK")).isBetween(0, answers.indexOf("404 Not Found"));
    }
  }

  @Test
  void aSucceedingProcessListensOnTheSamePort() throws Exception {
    try (LocalServer successor = LocalServer.start("127.0.0.1", server.port(), endpoints())) {
      assertThat(successor.port()).isEqualTo(server.port());
      server.close();
      assertThat(send("GET", "/health", new byte[0]).statusCode()).isEqualTo(200);
    }
  }
}
