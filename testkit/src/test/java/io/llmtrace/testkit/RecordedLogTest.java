package io.llmtrace.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.testkit.Recording.Turn;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The http-logger's entries have what APISIX's had for the same exchange, and nothing else. */
@Timeout(60)
class RecordedLogTest {
  private static final String BODIES =
      ", batch_max_size: 1, include_req_body: true, include_resp_body: true";

  @TempDir Path folder;
  private LogSink sink;

  @BeforeEach
  void startSink() throws IOException {
    sink = new LogSink();
  }

  @AfterEach
  void stopSink() {
    sink.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "json | - | -",
        "sse | - | -",
        "gzip-response | - | -",
        "client-sent-trace-header | - | -",
        "consumer-extra | key-auth: {} | {trace: $http_x_llmtrace_id, request_id: $request_id,"
            + " consumer_name: $consumer_name, upstream_status: $upstream_status, request_time:"
            + " $request_time, upstream_ttfb: $upstream_header_time}",
        "hide-credentials | key-auth: {hide_credentials: true} | {trace: $http_x_llmtrace_id}",
      })
  void anEntryIsTheRecordedOne(String sample, String auth, String extra) throws Exception {
    JsonNode recorded = entry(sample);
    String plugins =
        (auth == null ? "" : auth + ", ")
            + sink.plugin(BODIES + (extra == null ? "" : ", log_format_extra: " + extra));
    try (Upstream upstream = upstream(recorded);
        TestGateway gateway = gateway(recorded, plugins, upstream)) {
      send(gateway, recorded);
      same(sink.takeOne(), recorded);
    }
  }

  @Test
  void aStoppedRequestHasNoBodyAndNoUpstream() throws Exception {
    JsonNode recorded = entry("stopped-by-runner");
    replayed("stop-403-json", "ext-plugin-pre-req", recorded, recorded);
  }

  @Test
  void aRewrittenBodyIsWhatIsLogged() throws Exception {
    JsonNode recorded = entry("rewritten-body");
    ObjectNode expected = recorded.deepCopy();
    ObjectNode request = (ObjectNode) expected.path("request");
    request.put("body", request.path("body").asText().replace("73 bytes", "136 bytes"));
    ((ObjectNode) request.path("headers")).put("content-length", "105");
    replayed("rewrite-body", "ext-plugin-pre-req", recorded, expected);
  }

  @Test
  void anAnswerThroughPostRespHasNoUpstreamLatency() throws Exception {
    JsonNode recorded = entry("post-resp");
    replayed("post-resp-json-nobody", "ext-plugin-post-resp", recorded, recorded);
  }

  @Test
  void aClientThatHungUpLeavesNoResponseBody() throws Exception {
    JsonNode recorded = entry("client-abort");
    CountDownLatch over = new CountDownLatch(1);
    try (Upstream upstream =
            new Upstream(
                (request, out) -> {
                  out.write(
                      """
                      HTTP/1.1 200 OK
                      Content-Type: text/event-stream; charset=utf-8
                      Cache-Control: no-cache
                      X-Upstream: mock
                      Date: Mon, 23 Nov 2026 22:45:12 GMT
                      Transfer-Encoding: chunked

                      9
                      data: 1


                      """
                          .replace("\n", "\r\n")
                          .replace("data: 1\r\n\r\n", "data: 1\n\n")
                          .getBytes(UTF_8));
                  out.flush();
                  try {
                    over.await(45, TimeUnit.SECONDS);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                  return false;
                });
        TestGateway gateway = gateway(recorded, sink.plugin(BODIES), upstream)) {
      try (RawClient client = new RawClient(gateway)) {
        client.write(request(recorded));
        while (!Upstream.line(client.input()).isEmpty()) {
          // the head is not the subject
        }
        assertThat(client.chunk()).isNotEmpty();
      }
      same(sink.takeOne(), recorded);
      over.countDown();
    }
  }

  @Test
  void aFormatOfOnesOwnHasItsFieldsAndTheRoute() throws Exception {
    JsonNode recorded = entry("custom-format");
    JsonNode exchange = entry("sse");
    String format =
        ", log_format: {trace: $http_x_llmtrace_id, status: $status, remote: $remote_addr,"
            + " resp: $resp_body, body: $request_body, upstream_status: $upstream_status}";
    ((ObjectNode) exchange.path("request").path("headers")).put("x-llmtrace-id", "trace-20");
    ((ObjectNode) exchange).put("route_id", "log-fmt");
    try (Upstream upstream = upstream(exchange);
        TestGateway gateway = gateway(exchange, sink.plugin(BODIES + format), upstream)) {
      send(gateway, exchange);
      assertThat(sink.takeOne()).isEqualTo(recorded);
    }
  }

  @Test
  void entriesOfABatchAreAsIfTheyHadComeAlone() throws Exception {
    JsonNode recorded = Recording.logSample("batch").path("deliveries").path(0).path("body");
    assertThat(recorded).hasSize(5);
    JsonNode failed = recorded.path(0);
    try (Upstream upstream = upstream(failed);
        TestGateway gateway =
            gateway(
                failed,
                sink.plugin(
                    ", batch_max_size: 5, inactive_timeout: 60, include_req_body: true,"
                        + " include_resp_body: true"),
                upstream)) {
      for (int i = 0; i < recorded.size(); i++) {
        send(gateway, failed);
      }
      JsonNode batch = sink.take().body();
      assertThat(batch).hasSize(5);
      batch.forEach(entry -> same(entry, failed));
    }
  }

  private static JsonNode entry(String sample) throws IOException {
    return Recording.logSample(sample).path("deliveries").path(0).path("body").path(0);
  }

  /** An exchange whose runner answers as in one of the recorded scenarios. */
  private void replayed(String scenario, String plugin, JsonNode sent, JsonNode expected)
      throws Exception {
    Turn turn = Recording.of(scenario).turns().get(0);
    Path socket = folder.resolve("r.sock");
    try (Upstream upstream = upstream(sent);
        ScriptedRunner runner =
            new ScriptedRunner(
                socket,
                (call, peer) -> {
                  for (Recording.Recorded frame : turn.fromRunner()) {
                    peer.send(frame.frame().orElseThrow());
                    if (frame.type() == A6Frame.EXTRA_INFO) {
                      peer.receive();
                    }
                  }
                });
        TestGateway gateway =
            gateway(
                sent,
                plugin + ": {conf: [{name: l, value: '{}'}]}, " + sink.plugin(BODIES),
                upstream)) {
      send(gateway, sent);
      same(sink.takeOne(), expected);
      assertThat(runner.prepared).hasValue(1);
    }
  }

  private TestGateway gateway(JsonNode recorded, String plugins, Upstream upstream) {
    return TestGateway.start(
        Routes.with(recorded.path("route_id").asText(), plugins, upstream.port()),
        Options.of(folder.resolve("r.sock")));
  }

  private static void send(TestGateway gateway, JsonNode recorded) throws IOException {
    try (RawClient client = new RawClient(gateway)) {
      client.write(request(recorded));
      assertThat(client.read(false).status())
          .isEqualTo(recorded.path("response").path("status").asInt());
    }
  }

  /** The client's request, without what the gateway and its plugins added. */
  private static byte[] request(JsonNode recorded) {
    JsonNode request = recorded.path("request");
    byte[] body =
        request.has("body") ? request.path("body").asText().getBytes(UTF_8) : new byte[73];
    Map<String, String> headers = new TreeMap<>();
    request
        .path("headers")
        .properties()
        .forEach(h -> headers.put(h.getKey(), h.getValue().asText()));
    headers.keySet().removeIf(name -> name.startsWith("x-forwarded-"));
    headers.remove("x-consumer-username");
    headers.remove("x-lab-rewritten");
    headers.put("apikey", "example-consumer-key");
    headers.put("content-length", String.valueOf(body.length));
    StringBuilder head = new StringBuilder();
    head.append(request.path("method").asText() + " " + request.path("uri").asText());
    head.append(" HTTP/1.1\r\n");
    headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes((head + "\r\n").getBytes(UTF_8));
    out.writeBytes(body);
    return out.toByteArray();
  }

  /** Answers as the recorded upstream did. */
  private static Upstream upstream(JsonNode recorded) throws IOException {
    JsonNode response = recorded.path("response");
    byte[] text = response.path("body").asText().getBytes(UTF_8);
    Map<String, String> headers = new TreeMap<>();
    response
        .path("headers")
        .properties()
        .forEach(h -> headers.put(h.getKey(), h.getValue().asText()));
    boolean gzip = headers.containsKey("content-encoding");
    byte[] body = gzip ? zipped(text) : text;
    boolean chunked = headers.containsKey("transfer-encoding");
    if (!chunked) {
      headers.put("content-length", String.valueOf(body.length));
    }
    headers.remove("server");
    headers.remove("x-apisix-upstream-status");
    headers.put("connection", "close");
    StringBuilder head =
        new StringBuilder("HTTP/1.1 " + response.path("status").asInt() + " As Recorded\r\n");
    headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    return new Upstream(
        (request, out) -> {
          out.write((head + "\r\n").getBytes(UTF_8));
          if (chunked) {
            out.write((Integer.toHexString(body.length) + "\r\n").getBytes(UTF_8));
          }
          out.write(body);
          if (chunked) {
            out.write("\r\n0\r\n\r\n".getBytes(UTF_8));
          }
          return false;
        });
  }

  private static byte[] zipped(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private static void same(JsonNode entry, JsonNode recorded) {
    assertThat(comparable(entry)).isEqualTo(comparable(recorded));
  }

  /** An entry in which what is another's each time is only of its kind. */
  private static JsonNode comparable(JsonNode entry) {
    ObjectNode copy = entry.deepCopy();
    for (String number :
        new String[] {
          "latency",
          "apisix_latency",
          "upstream_latency",
          "start_time",
          "request_time",
          "upstream_ttfb"
        }) {
      if (copy.path(number).isNumber()) {
        copy.put(number, "a number");
      }
    }
    if (copy.path("request_id").asText().length() == 32) {
      copy.put("request_id", "32 characters");
    }
    if (copy.has("upstream")) {
      copy.put("upstream", copy.path("upstream").asText().replaceAll("\\d+$", "port"));
    }
    ObjectNode request = (ObjectNode) copy.path("request");
    request.put("size", request.path("size").asInt() > request.path("body").asText().length());
    ((ObjectNode) request.path("headers")).put("x-forwarded-port", "a port");
    ObjectNode response = (ObjectNode) copy.path("response");
    response.put("size", response.path("size").asInt() > response.path("body").asText().length());
    ObjectNode headers = (ObjectNode) response.path("headers");
    // In the log phase nginx says close, whatever it told the client.
    headers.put("connection", "either");
    if (headers.has("content-encoding")) {
      response.remove("size");
      headers.put("content-length", "of another gzip");
    }
    return copy;
  }
}
