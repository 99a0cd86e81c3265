package io.llmtrace.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.testkit.RawClient.Answer;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.gateway.Transport;
import io.llmtrace.testkit.ports.FreePort;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests and answers that no plugin looks at go through as they are. */
@Timeout(60)
class PassThroughTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(Transport.class)
  void theFirstChunkOfAStreamArrivesBeforeTheProviderHasFinished(Transport transport)
      throws Exception {
    CountDownLatch firstSeen = new CountDownLatch(1);
    try (Upstream upstream =
            new Upstream(
                (request, out) -> {
                  write(out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
                  write(out, "Transfer-Encoding: chunked\r\n\r\n");
                  write(out, "9\r\ndata: 1\n\n\r\n");
                  await(firstSeen);
                  write(out, "9\r\ndata: 2\n\n\r\n0\r\n\r\n");
                  return true;
                });
        TestGateway gateway =
            TestGateway.start(Routes.plain(upstream.port()), options().withTransport(transport));
        RawClient client = new RawClient(gateway)) {
      client.write("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
      while (!headLine(client).isEmpty()) {
        // the head is not the subject
      }
      assertThat(client.chunk()).isEqualTo("data: 1\n\n".getBytes(UTF_8));
      firstSeen.countDown();
      assertThat(client.chunk()).isEqualTo("data: 2\n\n".getBytes(UTF_8));
      assertThat(client.chunk()).isEmpty();
    }
  }

  private static String headLine(RawClient client) throws IOException {
    return Upstream.line(client.input());
  }

  @Test
  void anAnswerWithALengthKeepsItAndOneWithoutGoesOutInChunks() throws Exception {
    try (Upstream upstream = Upstream.ok();
        TestGateway gateway = gateway(upstream)) {
      Answer answer = RawClient.get(gateway, "/");
      assertThat(answer.headers()).containsEntry("content-length", "2");
      assertThat(answer.headers()).doesNotContainKey("transfer-encoding");
      assertThat(answer.text()).isEqualTo("ok");
    }
    try (Upstream upstream =
            new Upstream(
                (request, out) -> {
                  write(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
                  return false;
                });
        TestGateway gateway = gateway(upstream)) {
      Answer answer = RawClient.get(gateway, "/");
      assertThat(answer.headers())
          .containsEntry("transfer-encoding", "chunked")
          .containsEntry("connection", "keep-alive");
      assertThat(answer.text()).isEqualTo("until the end");
    }
  }

  @Test
  void anAnswerToAnHttp10ClientEndsWithItsConnection() throws Exception {
    try (Upstream upstream =
            Upstream.always(
                "HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "2", "ok", "0", "", "");
        TestGateway gateway = gateway(upstream)) {
      Answer answer = RawClient.send(gateway, "GET / HTTP/1.0", "Connection: keep-alive");
      assertThat(answer.headers())
          .containsEntry("connection", "close")
          .doesNotContainKeys("transfer-encoding", "content-length");
      assertThat(answer.text()).isEqualTo("ok");
    }
  }

  @Test
  void repeatedHeadersStayRepeatedBothWays() throws Exception {
    try (Upstream upstream =
            Upstream.always(
                "HTTP/1.1 200 OK",
                "Set-Cookie: a=1",
                "Set-Cookie: b=2",
                "Content-Length: 0",
                "",
                "");
        TestGateway gateway = gateway(upstream)) {
      Answer answer =
          RawClient.send(gateway, "GET / HTTP/1.1", "Host: h", "X-Multi: m1", "X-Multi: m2");
      assertThat(answer.lines()).contains("Set-Cookie: a=1", "Set-Cookie: b=2");
      assertThat(upstream.request().lines()).contains("x-multi: m1", "x-multi: m2");
    }
  }

  @Test
  void headersOfOneHopAreNotPassedOn() throws Exception {
    try (Upstream upstream =
            Upstream.always(
                "HTTP/1.1 200 OK",
                "Connection: keep-alive",
                "Keep-Alive: timeout=5",
                "Server: theirs",
                "X-Accel-Buffering: no",
                "Content-Length: 0",
                "",
                "");
        TestGateway gateway = gateway(upstream)) {
      Answer answer =
          RawClient.send(
              gateway,
              "GET / HTTP/1.1",
              "Host: h",
              "Connection: close",
              "Keep-Alive: 300",
              "TE: trailers",
              "Upgrade: h2c",
              "Accept: */*");
      assertThat(answer.headers())
          .containsEntry("connection", "close")
          .containsEntry("server", "APISIX/3.18.0")
          .doesNotContainKeys("keep-alive", "x-accel-buffering");
      assertThat(upstream.request().headers())
          .containsEntry("accept", "*/*")
          .doesNotContainKeys("connection", "keep-alive", "te", "upgrade", "content-length");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/a%2Fb%20c/d?q=%7B%22a%22%3A1%7D&q=+&flag&empty=",
        "/a//b/../c",
        "/gr%C3%BC%C3%9Fe?x=%zz",
      })
  void pathAndQueryGoToTheUpstreamAsTheyCame(String target) throws Exception {
    try (Upstream upstream = Upstream.ok();
        TestGateway gateway = gateway(upstream)) {
      assertThat(RawClient.get(gateway, target).status()).isEqualTo(200);
      assertThat(upstream.request().target()).isEqualTo(target);
    }
  }

  @Test
  void theHostIsTheClientsTheNodesOrAFixedOne() throws Exception {
    try (Upstream upstream = Upstream.ok()) {
      String node = "127.0.0.1:" + upstream.port();
      String nodes = "nodes: {\"" + node + "\": 1}";
      assertThat(hostSeen(upstream, nodes)).isEqualTo("asked.example");
      assertThat(hostSeen(upstream, "pass_host: pass, " + nodes)).isEqualTo("asked.example");
      assertThat(hostSeen(upstream, "pass_host: node, " + nodes)).isEqualTo(node);
      assertThat(hostSeen(upstream, "pass_host: rewrite, upstream_host: fixed.example, " + nodes))
          .isEqualTo("fixed.example");
    }
  }

  private String hostSeen(Upstream upstream, String route) throws Exception {
    upstream.requests.clear();
    try (TestGateway gateway = TestGateway.start(Routes.upstream(route), options())) {
      RawClient.send(gateway, "GET / HTTP/1.1", "Host: asked.example");
      return upstream.request().headers().get("host");
    }
  }

  @Test
  void nodesAreAskedAsOftenAsTheyWeigh() throws Exception {
    try (Upstream one = Upstream.ok();
        Upstream two = Upstream.ok();
        TestGateway gateway =
            TestGateway.start(
                Routes.upstream(
                    "nodes: [{host: 127.0.0.1, port: %d, weight: 1}, {host: 127.0.0.1, port: %d, weight: 2}]"
                        .formatted(one.port(), two.port())),
                options().withWorkers(1))) {
      for (int i = 0; i < 6; i++) {
        RawClient.get(gateway, "/");
      }
      assertThat(one.requests).hasSize(2);
      assertThat(two.requests).hasSize(4);
    }
  }

  @Test
  void theAnswerToHeadHasTheLengthOfABodyThatIsNotSent() throws Exception {
    try (Upstream upstream = Upstream.always("HTTP/1.1 200 OK", "Content-Length: 1234", "", "");
        TestGateway gateway = gateway(upstream);
        RawClient client = new RawClient(gateway)) {
      for (int i = 0; i < 2; i++) {
        client.write("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        assertThat(client.read(true).headers()).containsEntry("content-length", "1234");
      }
      assertThat(upstream.connections()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @CsvSource({"204 No Content", "304 Not Modified"})
  void anAnswerThatHasNoBodyHasNoFramingAndKeepsBothConnections(String status) throws Exception {
    try (Upstream upstream = Upstream.always("HTTP/1.1 " + status, "ETag: \"e\"", "", "");
        TestGateway gateway = gateway(upstream);
        RawClient client = new RawClient(gateway)) {
      for (int i = 0; i < 2; i++) {
        client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        Answer answer = client.read(false);
        assertThat(answer.status()).isEqualTo(Integer.parseInt(status.substring(0, 3)));
        assertThat(answer.headers())
            .containsEntry("etag", "\"e\"")
            .doesNotContainKeys("transfer-encoding", "content-length");
      }
      assertThat(upstream.connections()).isEqualTo(1);
    }
  }

  @Test
  void anInterimAnswerOfTheUpstreamIsNotTheAnswer() throws Exception {
    try (Upstream upstream =
            Upstream.always(
                "HTTP/1.1 103 Early Hints",
                "Link: </x>",
                "",
                "HTTP/1.1 200 OK",
                "Content-Length: 2",
                "",
                "ok");
        TestGateway gateway = gateway(upstream)) {
      Answer answer = RawClient.get(gateway, "/");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.headers()).doesNotContainKey("link");
    }
  }

  @Test
  void aClientThatWaitsForContinueIsToldTo() throws Exception {
    try (Upstream upstream = Upstream.ok();
        TestGateway gateway = gateway(upstream);
        RawClient client = new RawClient(gateway)) {
      client.write(
          "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
      assertThat(headLine(client)).isEqualTo("HTTP/1.1 100 Continue");
      assertThat(headLine(client)).isEmpty();
      client.write("body");
      assertThat(client.read(false).status()).isEqualTo(200);
      assertThat(upstream.request().body()).isEqualTo("body".getBytes(UTF_8));
      assertThat(upstream.request().headers()).doesNotContainKey("expect");
    }
  }

  @Test
  void requestsSentTogetherAreAnsweredInOrder() throws Exception {
    try (Upstream upstream =
            new Upstream(
                (request, out) -> {
                  write(out, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + request.target());
                  return true;
                });
        TestGateway gateway = gateway(upstream);
        RawClient client = new RawClient(gateway)) {
      StringBuilder all = new StringBuilder();
      for (int i = 0; i < 9; i++) {
        all.append("GET /").append(i).append(" HTTP/1.1\r\nHost: h\r\n\r\n");
      }
      client.write(all.toString());
      for (int i = 0; i < 9; i++) {
        assertThat(client.read(false).text()).isEqualTo("/" + i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "Content-Length: 9\r\n\r\nhalf"
      })
  void anUpstreamThatHangsUpInTheMiddleBreaksTheClientsStream(String rest) throws Exception {
    try (Upstream upstream =
            new Upstream(
                (request, out) -> {
                  write(out, "HTTP/1.1 200 OK\r\n" + rest);
                  return false;
                });
        TestGateway gateway = gateway(upstream)) {
      Answer answer = RawClient.get(gateway, "/");
      assertThat(answer.text()).isEqualTo("half");
      assertThat(answer.whole()).isFalse();
    }
  }

  @Test
  void aClientThatHangsUpEndsTheUpstreamsRequest() throws Exception {
    CountDownLatch broken = new CountDownLatch(1);
    try (Upstream upstream =
            new Upstream(
                (request, out) -> {
                  write(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
                  // A closed connection is at its end; an open one would wait here.
                  if (request.socket().getInputStream().read() < 0) {
                    broken.countDown();
                  }
                  return false;
                });
        TestGateway gateway = gateway(upstream)) {
      try (RawClient client = new RawClient(gateway)) {
        client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        while (!headLine(client).isEmpty()) {
          // the head is not the subject
        }
        assertThat(client.chunk()).isNotEmpty();
      }
      assertThat(broken.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aClientThatDoesNotReadSlowsTheUpstreamDown(Transport transport) throws Exception {
    int size = 64 << 20;
    AtomicLong sent = new AtomicLong();
    byte[] piece = new byte[64 << 10];
    new Random(17).nextBytes(piece);
    try (Upstream upstream =
            new Upstream(
                (request, out) -> {
                  write(out, "HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
                  for (int done = 0; done < size; done += piece.length) {
                    out.write(piece);
                    sent.addAndGet(piece.length);
                  }
                  return false;
                });
        TestGateway gateway =
            TestGateway.start(Routes.plain(upstream.port()), options().withTransport(transport));
        RawClient client = new RawClient(gateway)) {
      client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      long before = -1;
      while (before != sent.get() || before <= 0) {
        before = sent.get();
        Thread.sleep(200);
      }
      assertThat(sent.get()).as("what fits in the buffers between").isLessThan(size / 2);
      Answer answer = client.read(false);
      assertThat(answer.whole()).isTrue();
      assertThat(Arrays.hashCode(answer.body())).isEqualTo(repeatedHash(piece, size));
    }
  }

  private static int repeatedHash(byte[] piece, int size) {
    ByteArrayOutputStream all = new ByteArrayOutputStream(size);
    while (all.size() < size) {
      all.writeBytes(piece);
    }
    return Arrays.hashCode(all.toByteArray());
  }

  @Test
  void anUpstreamThatIsAwayIs502AndOneThatIsSilentIs504() throws Exception {
    int nobody = FreePort.next();
    try (TestGateway gateway = TestGateway.start(Routes.plain(nobody), options())) {
      Answer answer = RawClient.get(gateway, "/");
      assertThat(answer.status()).isEqualTo(502);
      assertThat(answer.text()).contains("502 Bad Gateway").contains("APISIX");
    }
    CountDownLatch over = new CountDownLatch(1);
    try (Upstream upstream =
            new Upstream(
                (request, out) -> {
                  await(over);
                  return false;
                });
        TestGateway gateway =
            TestGateway.start(
                Routes.upstream(
                    "nodes: {\"127.0.0.1:%d\": 1}, timeout: {connect: 1, send: 1, read: 0.3}"
                        .formatted(upstream.port())),
                options())) {
      assertThat(RawClient.get(gateway, "/").status()).isEqualTo(504);
      over.countDown();
    }
  }

  @Test
  void anUpstreamsServerErrorIsPassedOnAndMarked() throws Exception {
    try (Upstream upstream =
            Upstream.always("HTTP/1.1 500 Internal Server Error", "Content-Length: 3", "", "bad");
        TestGateway gateway = gateway(upstream)) {
      Answer answer = RawClient.get(gateway, "/");
      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.text()).isEqualTo("bad");
      assertThat(answer.headers()).containsEntry("x-apisix-upstream-status", "500");
    }
  }

  @Test
  void connectionsToANodeAreKept() throws Exception {
    try (Upstream upstream = Upstream.ok();
        TestGateway gateway =
            TestGateway.start(Routes.plain(upstream.port()), options().withWorkers(1))) {
      RawClient.get(gateway, "/");
      RawClient.get(gateway, "/");
      assertThat(upstream.connections()).isEqualTo(1);
    }
  }

  @Test
  void connectionsToANodeAreClosedWhenTheyWereIdleForTooLong() throws Exception {
    try (Upstream upstream = Upstream.ok();
        TestGateway gateway =
            TestGateway.start(
                Routes.plain(upstream.port()),
                options().withUpstreamPool(new Options.Pool(4, Duration.ofMillis(200))))) {
      RawClient.get(gateway, "/");
      while (upstream.live() > 0) { // the test's time-out ends it
        Thread.sleep(20);
      }
      assertThat(RawClient.get(gateway, "/").status()).isEqualTo(200);
      assertThat(upstream.connections()).isEqualTo(2);
    }
  }

  @Test
  void aKeptConnectionThatTheUpstreamClosesUnderARequestIsReplaced() throws Exception {
    try (Upstream upstream =
            new Upstream(
                (request, out) -> {
                  if (request.connection() == 1 && !request.target().equals("/first")) {
                    return false; // closed instead of answered
                  }
                  write(out, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                  return true;
                });
        TestGateway gateway =
            TestGateway.start(Routes.plain(upstream.port()), options().withWorkers(1))) {
      assertThat(RawClient.get(gateway, "/first").status()).isEqualTo(200);
      assertThat(RawClient.post(gateway, "/second", "body").status()).isEqualTo(200);
      assertThat(upstream.connections()).isEqualTo(2);
    }
  }

  @Test
  void whatIsNotHttpIsRefusedOnBothSides() throws Exception {
    try (Upstream upstream = Upstream.always("SSH-2.0-OpenSSH_9.6", "", "");
        TestGateway gateway = gateway(upstream)) {
      assertThat(RawClient.get(gateway, "/").status()).isEqualTo(502);
      assertThat(RawClient.send(gateway, "GET / HTTP/1.1", "no colon here \u0000").status())
          .isEqualTo(400);
      assertThat(RawClient.send(gateway, "GET /" + "x".repeat(9000) + " HTTP/1.1").status())
          .isEqualTo(400);
    }
  }

  @Test
  void aRequestThatNoRouteTakesIs404() throws Exception {
    GatewayConfig config =
        GatewayConfig.parse(
            """
            routes:
              - {id: a, uri: /a/*, methods: [post], upstream: {nodes: {"127.0.0.1:9": 1}}}
            #END
            """);
    try (TestGateway gateway = TestGateway.start(config, options())) {
      assertThat(RawClient.get(gateway, "/a/b").status()).isEqualTo(404);
      assertThat(RawClient.post(gateway, "/b", "").status()).isEqualTo(404);
      assertThat(RawClient.post(gateway, "/b/../a/b", "").status())
          .as("matched as nginx normalises it")
          .isEqualTo(502);
    }
  }

  private TestGateway gateway(Upstream upstream) {
    return TestGateway.start(Routes.plain(upstream.port()), options());
  }

  private Options options() {
    return Options.of(folder.resolve("nobody.sock"));
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(UTF_8));
    out.flush();
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      latch.await(45, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
