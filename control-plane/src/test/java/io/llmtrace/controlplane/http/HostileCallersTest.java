package io.llmtrace.controlplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.TestControlPlane;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The API over HTTP, as somebody sees it who means it ill. */
@ExtendWith(TestControlPlane.Extension.class)
class HostileCallersTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private final TestControlPlane plane;

  HostileCallersTest(TestControlPlane plane) {
    this.plane = plane;
  }

  @Test
  void everyAnswerTellsABrowserToRunAndFrameNothing() throws Exception {
    for (String path :
        new String[] {"/health", "/livez", "/api/v1/me", "/nowhere", "/api/v1/openapi.json"}) {
      HttpResponse<String> answer = plane.call("GET", path, "", null);
      assertThat(answer.headers().firstValue("X-Content-Type-Options"))
          .as(path)
          .hasValue("nosniff");
      assertThat(answer.headers().firstValue("Content-Security-Policy"))
          .as(path)
          .hasValue("default-src 'none'; frame-ancestors 'none'");
      assertThat(answer.headers().firstValue("Referrer-Policy")).as(path).hasValue("no-referrer");
      // By plain HTTP there is nothing to come back to by TLS.
      assertThat(answer.headers().firstValue("Strict-Transport-Security")).as(path).isEmpty();
      assertThat(answer.headers().firstValue("Server")).as(path).isEmpty();
    }
    HttpResponse<String> page = plane.call("GET", "/docs", "", null);
    assertThat(page.headers().allValues("Content-Security-Policy"))
        .singleElement()
        .asString()
        .contains("script-src 'self'");
  }

  @Test
  void aBodyThatUnpacksToMuchIsRefusedAtTheBound() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream zip = new GZIPOutputStream(packed)) {
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i < 80; i++) {
        zip.write(zeros);
      }
    }
    assertThat(packed.size()).isLessThan(100_000);
    HttpResponse<String> answer =
        client.send(
            HttpRequest.newBuilder(uri("/api/v1/ingest/batches"))
                .header("Authorization", "Bearer " + plane.key("instance", "*"))
                .header("Content-Encoding", "gzip")
                .POST(HttpRequest.BodyPublishers.ofByteArray(packed.toByteArray()))
                .build(),
            HttpResponse.BodyHandlers.ofString());

    // A small heap refuses it earlier, as too much at once.
    assertThat(answer.statusCode()).isIn(413, 429);
  }

  @Test
  void aBodyOfTheApiIsNeverUnpacked() throws Exception {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream zip = new GZIPOutputStream(packed)) {
      zip.write("{\"name\":\"a\",\"role\":\"viewer\"}".getBytes(StandardCharsets.UTF_8));
    }
    HttpResponse<String> answer =
        client.send(
            HttpRequest.newBuilder(uri("/api/v1/keys"))
                .header("Authorization", "Bearer " + plane.admin())
                .header("Content-Type", "application/json")
                .header("Content-Encoding", "gzip")
                .POST(HttpRequest.BodyPublishers.ofByteArray(packed.toByteArray()))
                .build(),
            HttpResponse.BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(400);
  }

  @Test
  void aBodyOfManyBracketsIsRefused() throws Exception {
    String deep = "{\"name\":" + "[".repeat(20_000) + "]".repeat(20_000) + "}";

    HttpResponse<String> answer = plane.call("POST", "/api/v1/keys", plane.admin(), deep);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("at most 32 levels").doesNotContain("StreamReadConstraints");
  }

  /** No resource sees these, and no filter: the server answers them by itself. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /%zz HTTP/1.1\r\nHost: a",
        "GET /api/v1/..%2fme HTTP/1.1\r\nHost: a",
        "GET /livez HTTP/1.1",
        "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b",
        "TRACE /livez HTTP/1.1\r\nHost: a",
        "GET /livez HTTP/7.1\r\nHost: a",
        "GET /livez HTTP/1.1\r\nHost: a\r\nBroken header",
        "NONSENSE"
      })
  void whatTheServerAnswersByItselfIsAProblemWithTheSameHeaders(String head) throws Exception {
    String answer = raw(head);

    assertThat(answer).matches("(?s)HTTP/1.1 [45]\\d\\d .*");
    assertThat(answer.toLowerCase(java.util.Locale.ROOT))
        .contains("content-type: application/problem+json")
        .contains("x-content-type-options: nosniff")
        .contains("content-security-policy: default-src 'none'; frame-ancestors 'none'")
        .containsPattern("x-request-id: [0-9a-z]{26}\r\n")
        .doesNotContain("html")
        .doesNotContain("jetty");
  }

  /** What a caller names is answered, logged and audited: it must stay one value of one header. */
  @Test
  void anIdOfARequestBringsNoHeaderOfItsOwn() throws Exception {
    for (String id : new String[] {"a\tb", "a b", "a%0d%0aSet-Cookie:x", "x".repeat(200)}) {
      String answer = raw("GET /livez HTTP/1.1\r\nHost: a\r\nX-Request-Id: " + id);
      assertThat(answer.toLowerCase(java.util.Locale.ROOT))
          .doesNotContain("set-cookie")
          .containsPattern("x-request-id: [0-9a-z]{26}\r\n");
    }
  }

  /** Two lengths, or a length and chunks, are read differently by two servers in a row. */
  @Test
  void aRequestWithTwoLengthsIsRefused() throws Exception {
    String head = "POST /api/v1/keys HTTP/1.1\r\nHost: a\r\n";

    assertThat(raw(head + "Content-Length: 2\r\nContent-Length: 3")).startsWith("HTTP/1.1 400");
    assertThat(raw(head + "Content-Length: 2\r\nTransfer-Encoding: chunked"))
        .startsWith("HTTP/1.1 400");
  }

  private String raw(String head) throws IOException {
    try (Socket socket =
        new Socket(java.net.InetAddress.getLoopbackAddress(), plane.service().port())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write((head + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.UTF_8));
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + plane.service().port() + path);
  }
}
