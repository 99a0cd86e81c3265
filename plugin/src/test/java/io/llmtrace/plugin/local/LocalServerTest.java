package io.llmtrace.plugin.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LocalServerTest {
  private static final String BEGUN =
      String.join(
          "\r\n",
          "POST /inspect HTTP/1.1",
          "host: x",
          "authorization: Bearer inspect-key",
          "x-callout: 1",
          "");
  private final PrometheusMeterRegistry metrics =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final List<String> threads = new CopyOnWriteArrayList<>();
  private final List<String> received = new CopyOnWriteArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private final RecordingCallouts callouts = new RecordingCallouts();
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

  /** Takes what has an {@code x-callout} header and answers when it is told to. */
  private static final class RecordingCallouts implements CalloutEndpoint {
    private final CountDownLatch ended = new CountDownLatch(1);
    private final CountDownLatch abandoned = new CountDownLatch(1);
    private volatile CountDownLatch mayAnswer = new CountDownLatch(0);

    @Override
    public boolean isCallout(List<Map.Entry<String, String>> headers) {
      return headers.stream().anyMatch(header -> header.getKey().equals("x-callout"));
    }

    @Override
    public Upload open(List<Map.Entry<String, String>> headers, long announced) {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      return new Upload() {
        @Override
        public void add(byte[] chunk) {
          body.writeBytes(chunk);
        }

        @Override
        public void end(Consumer<Reply> answer) {
          ended.countDown();
          new Thread(() -> reply(answer, body.size())).start();
        }

        @Override
        public void abandon() {
          abandoned.countDown();
        }
      };
    }

    private void reply(Consumer<CalloutEndpoint.Reply> answer, int bytes) {
      try {
        mayAnswer.await();
        byte[] said = Integer.toString(bytes).getBytes(StandardCharsets.UTF_8);
        answer.accept(new Reply(200, "text/plain", Map.of("x-said", "yes"), said));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
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
        },
        callouts);
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
  void aCalloutIsTakenWholeAndHasItsPlaceAmongTheRequestsOfItsConnection() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      String callout = BEGUN + "%s\r\n\r\n";
      String all =
          callout.formatted("content-length: 5")
              + "12345GET /health HTTP/1.1\r\nhost: x\r\n\r\n"
              + callout.formatted("transfer-encoding: chunked\r\nconnection: close")
              + "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
      socket.getOutputStream().write(all.getBytes(StandardCharsets.US_ASCII));
      String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answers)
          .containsSubsequence("x-said: yes", "\r\n\r\n5", "healthy", "x-said: yes", "\r\n\r\n7");
    }
  }

  @Test
  void aCalloutWithoutTheKeyIsRefusedAndNotTaken() throws Exception {
    HttpResponse<String> answer = send("POST", "/inspect", new byte[9], "x-callout", "1");
    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(answer.headers().firstValue("www-authenticate")).contains("Bearer");
    assertThat(callouts.ended.getCount()).isEqualTo(1);
  }

  @Test
  void aCalloutWhoseCallerLeavesInTheMiddleOfItsBodyIsAbandoned() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      String begun = BEGUN + "content-length: 50\r\n\r\nabc";
      socket.getOutputStream().write(begun.getBytes(StandardCharsets.US_ASCII));
    }
    assertThat(callouts.abandoned.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aServerThatLeavesAnswersWhatItHasAndClosesTheConnectionWithTheAnswer() throws Exception {
    callouts.mayAnswer = new CountDownLatch(1);
    CompletableFuture<HttpResponse<String>> waiting =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return send(
                    "POST",
                    "/inspect",
                    new byte[3],
                    "authorization",
                    "Bearer inspect-key",
                    "x-callout",
                    "1");
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    assertThat(callouts.ended.await(30, TimeUnit.SECONDS)).isTrue();
    CompletableFuture<Void> closed = CompletableFuture.runAsync(server::close);
    assertThat(closed)
        .as("it waits for the answer")
        .isNotCompleted()
        .satisfies(future -> Thread.sleep(400))
        .isNotCompleted();
    callouts.mayAnswer.countDown();
    HttpResponse<String> answer = waiting.get(30, TimeUnit.SECONDS);
    assertThat(answer.body()).isEqualTo("3");
    assertThat(answer.headers().firstValue("connection")).contains("close");
    closed.get(30, TimeUnit.SECONDS);
  }

  @Test
  void headersThatAreTooLongAreNamedAsThat() throws Exception {
    HttpResponse<String> answer =
        send("GET", "/health", new byte[0], "x-long", "a".repeat(LocalServer.MAX_HEADERS));
    assertThat(answer.statusCode()).isEqualTo(431);
    assertThat(answer.body()).contains("the headers are longer than");
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
