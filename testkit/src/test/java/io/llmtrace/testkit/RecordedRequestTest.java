package io.llmtrace.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.api7.A6.HTTPReqCall.Req;
import io.github.api7.A6.TextEntry;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.GatewayFrames;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The test gateway gives a runner and an upstream what APISIX gave them in the recordings. */
@Timeout(60)
class RecordedRequestTest {
  private final LinkedBlockingQueue<Req> calls = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<byte[]> bodies = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<String> upstream = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<byte[]> upstreamBodies = new LinkedBlockingQueue<>();
  @TempDir Path folder;

  @Test
  void argumentsAndHeadersAreTheRecordedOnes() throws Exception {
    String request =
        """
        GET /noop/inspect?a=1&b=two%20words&flag&a=3 HTTP/1.1
        Host: 127.0.0.1:9080
        User-Agent: lab-client
        X-Multi: m1
        X-Multi: m2
        Accept: application/json
        Connection: close

        """;
    String key = exchange(crlf(request).getBytes(ISO_8859_1));
    assertThat(key).matches("route#noop#ext-plugin-pre-req#\\d{10}");
    Req built = calls.poll(5, TimeUnit.SECONDS);
    Req recorded = Req.getRootAsReq(recorded("simple-get/001-g2r-http_req_call.bin").payload());
    assertThat(built.path()).isEqualTo(recorded.path());
    assertThat(built.method()).isEqualTo(recorded.method());
    assertThat(entries(built.argsLength(), built::args))
        .containsExactlyInAnyOrderElementsOf(entries(recorded.argsLength(), recorded::args));
    assertThat(entries(built.headersLength(), built::headers))
        .filteredOn(h -> !h.startsWith("x-forwarded-port"))
        .containsExactlyInAnyOrderElementsOf(
            entries(recorded.headersLength(), recorded::headers).stream()
                .filter(h -> !h.startsWith("x-forwarded-port"))
                .toList());
    assertThat(upstream.poll(5, TimeUnit.SECONDS))
        .as("the query as the client wrote it")
        .startsWith("/noop/inspect?a=1&b=two%20words&flag&a=3 ")
        .contains("127.0.0.1 127.0.0.1 [m1, m2]");
  }

  @Test
  void aChunkedBodyIsPutTogetherForTheRunner() throws Exception {
    String head =
        """
        POST /noop/inspect HTTP/1.1
        Host: 127.0.0.1:9080
        Transfer-Encoding: chunked
        Connection: close

        """;
    exchange((crlf(head) + "5\r\nHello\r\n7\r\n, world\r\n0\r\n\r\n").getBytes(ISO_8859_1));
    assertThat(bodies.poll(5, TimeUnit.SECONDS)).isEqualTo("Hello, world".getBytes(UTF_8));
    assertThat(upstreamBodies.poll(5, TimeUnit.SECONDS)).isEqualTo("Hello, world".getBytes(UTF_8));
  }

  @Test
  void aGzipBodyReachesRunnerAndUpstreamAsItWasSent() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write("{\"model\":\"m\"}".getBytes(UTF_8));
    }
    String head =
        """
        POST /noop/inspect HTTP/1.1
        Host: 127.0.0.1:9080
        Content-Encoding: gzip
        Content-Length: %d
        Connection: close

        """
            .formatted(packed.size());
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(crlf(head).getBytes(ISO_8859_1));
    request.writeBytes(packed.toByteArray());
    exchange(request.toByteArray());
    assertThat(bodies.poll(5, TimeUnit.SECONDS)).isEqualTo(packed.toByteArray());
    assertThat(upstreamBodies.poll(5, TimeUnit.SECONDS)).isEqualTo(packed.toByteArray());
  }

  /** Sends raw bytes through a gateway whose runner asks for the body and lets all pass. */
  private String exchange(byte[] request) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        call -> {
          upstreamBodies.add(call.getRequestBody().readAllBytes());
          var headers = call.getRequestHeaders();
          upstream.add(
              call.getRequestURI()
                  + " "
                  + headers.getFirst("x-real-ip")
                  + " "
                  + headers.getFirst("x-forwarded-for")
                  + " "
                  + headers.get("x-multi"));
          call.sendResponseHeaders(204, -1);
          call.close();
        });
    server.start();
    Path socket = folder.resolve("r.sock");
    try (ScriptedRunner runner = new ScriptedRunner(socket, this::askForTheBodyAndGoOn);
        TestGateway gateway =
            TestGateway.start(routes(server.getAddress().getPort()), Options.of(socket));
        Socket client = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
      client.getOutputStream().write(request);
      String answer = new String(client.getInputStream().readAllBytes(), ISO_8859_1);
      assertThat(answer)
          .startsWith("HTTP/1.1 204 ")
          .doesNotContainIgnoringCase("transfer-encoding")
          .endsWith("\r\n\r\n");
      return runner.confKeys.element();
    } finally {
      server.stop(0);
    }
  }

  private void askForTheBodyAndGoOn(A6Frame call, ScriptedRunner.Peer peer) throws IOException {
    calls.add(Req.getRootAsReq(call.payload()));
    bodies.add(Answers.askRequestBody(peer));
    peer.send(Answers.goOn());
  }

  private static GatewayConfig routes(int upstream) {
    return GatewayConfig.parse(
        """
        routes:
          - id: noop
            uri: /noop/*
            plugins:
              ext-plugin-pre-req:
                conf:
                  - {name: llmtrace, value: '{}'}
            upstream:
              nodes:
                "127.0.0.1:%d": 1
        #END
        """
            .formatted(upstream));
  }

  private static A6Frame recorded(String name) throws IOException {
    try (InputStream in = GatewayFrames.class.getResourceAsStream("/a6-frames/" + name)) {
      return A6Frame.decode(ByteBuffer.wrap(in.readAllBytes()));
    }
  }

  private static List<String> entries(int length, IntFunction<TextEntry> at) {
    return IntStream.range(0, length).mapToObj(at).map(e -> e.name() + "=" + e.value()).toList();
  }

  private static String crlf(String text) {
    return text.replace("\n", "\r\n");
  }
}
