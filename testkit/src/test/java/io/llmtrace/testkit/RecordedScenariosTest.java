package io.llmtrace.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.api7.A6.TextEntry;
import io.llmtrace.testkit.RawClient.Answer;
import io.llmtrace.testkit.Recording.Recorded;
import io.llmtrace.testkit.Recording.Turn;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.ExtraQuestion;
import io.llmtrace.testkit.a6.GatewayFrames;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each recorded scenario again, with the test gateway in APISIX's place: the same request, a runner
 * that sends the recorded frames, an upstream that answers as recorded. The runner must be asked
 * and the client answered as they were.
 */
@Timeout(60)
class RecordedScenariosTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What an upstream's answer has from the connection it came on. */
  private static final Set<String> OF_THE_CONNECTION =
      Set.of("connection", "date", "server", "transfer-encoding", "content-length");

  @TempDir Path folder;
  private final Queue<Turn> turns = new ConcurrentLinkedQueue<>();
  private final Queue<Throwable> mismatches = new ConcurrentLinkedQueue<>();

  /** All but those whose calls interleave: their order is another each time. */
  static Stream<String> scenarios() throws IOException {
    return Recording.scenarios().filter(name -> !name.startsWith("concurrent"));
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void runnerUpstreamAndClientSeeWhatTheyWereShown(String scenario) throws Exception {
    Recording recording = Recording.of(scenario);
    turns.addAll(recording.turns());
    Queue<Turn> asked = new ArrayDeque<>(recording.turns());
    Path socket = folder.resolve("r.sock");
    for (JsonNode exchange : recording.exchanges()) {
      Turn turn = asked.remove();
      Files.deleteIfExists(socket);
      try (Upstream upstream =
              new Upstream((request, out) -> answer(request, exchange, turn, out));
          ScriptedRunner runner = new ScriptedRunner(socket, this::replay);
          TestGateway gateway =
              TestGateway.start(
                  Routes.with(routeId(exchange), plugins(recording, exchange), upstream.port()),
                  Options.of(socket).withWorkers(1))) {
        Answer answer = send(gateway, exchange.path("request"), turn);
        assertThat(mismatches).isEmpty();
        same(answer, exchange.path("response"), turn);
        assertThat(runner.prepared.get()).isPositive();
      }
    }
    assertThat(turns).as("recorded calls that were not made").isEmpty();
  }

  /** Routes were named for the first segment of their path. */
  private static String routeId(JsonNode exchange) {
    return exchange.path("request").path("path").asText().split("/", -1)[1];
  }

  private static String plugins(Recording recording, JsonNode exchange) {
    boolean degrade = exchange.path("request").path("path").asText().contains("-deg/");
    List<String> plugins = new ArrayList<>();
    for (String plugin : recording.plugins().split(" \\+ ", -1)) {
      plugins.add(
          plugin.equals("key-auth")
              ? "key-auth: {}"
              : plugin
                  + ": {allow_degradation: "
                  + degrade
                  + ", conf: [{name: llmtrace, value: '{}'}]}");
    }
    return String.join(", ", plugins);
  }

  /** The runner: sends what was sent, and compares what it is told. */
  private void replay(A6Frame call, ScriptedRunner.Peer peer) throws IOException {
    Turn turn = turns.remove();
    try {
      asked(call, turn.call());
    } catch (AssertionError e) {
      mismatches.add(e);
    }
    List<Recorded> questions =
        turn.fromRunner().stream().filter(f -> f.type() == A6Frame.EXTRA_INFO).toList();
    for (Recorded question : questions) {
      peer.send(question.frame().orElseThrow());
    }
    for (int i = 0; i < questions.size(); i++) {
      byte[] given = Answers.given(peer.receive());
      try {
        given(given, questions.get(i), turn.given().get(i));
      } catch (AssertionError e) {
        mismatches.add(e);
      }
    }
    for (Recorded answer : turn.fromRunner()) {
      if (answer.type() != A6Frame.EXTRA_INFO) {
        peer.send(answer.frame().orElseThrow());
      }
    }
  }

  private static void asked(A6Frame call, Recorded recorded) throws IOException {
    assertThat(call.type()).isEqualTo(recorded.type());
    A6Frame frame = recorded.frame().orElseThrow();
    if (call.type() == A6Frame.HTTP_REQ_CALL) {
      var made = io.github.api7.A6.HTTPReqCall.Req.getRootAsReq(call.payload());
      var was = io.github.api7.A6.HTTPReqCall.Req.getRootAsReq(frame.payload());
      assertThat(made.path()).isEqualTo(was.path());
      assertThat(made.method()).isEqualTo(was.method());
      assertThat(lines(made.argsLength(), made::args))
          .containsExactlyInAnyOrderElementsOf(lines(was.argsLength(), was::args));
      assertThat(lines(made.headersLength(), made::headers))
          .containsExactlyInAnyOrderElementsOf(lines(was.headersLength(), was::headers));
    } else {
      var made = io.github.api7.A6.HTTPRespCall.Req.getRootAsReq(call.payload());
      var was = io.github.api7.A6.HTTPRespCall.Req.getRootAsReq(frame.payload());
      assertThat(made.status()).isEqualTo(was.status());
      assertThat(lines(made.headersLength(), made::headers))
          .containsExactlyInAnyOrderElementsOf(lines(was.headersLength(), was::headers));
    }
  }

  private static List<String> lines(int length, IntFunction<TextEntry> at) {
    return IntStream.range(0, length)
        .mapToObj(at)
        .filter(e -> !e.name().equals("x-forwarded-port"))
        .map(e -> e.name() + "=" + e.value())
        .toList();
  }

  private static void given(byte[] bytes, Recorded question, Recorded recorded) throws IOException {
    if (GatewayFrames.question(question.frame().orElseThrow())
            instanceof ExtraQuestion.Variable variable
        && variable.name().equals("request_id")) {
      assertThat(bytes).hasSize(32);
    } else if (recorded.frame().isPresent()) {
      assertThat(bytes).isEqualTo(Answers.given(recorded.frame().get()));
    } else {
      assertThat(bytes).hasSize(recorded.decoded().path("result").path("bytes").asInt());
    }
  }

  /** The upstream: an echo, or what was recorded of its answer. */
  private static boolean answer(
      Upstream.Request request, JsonNode exchange, Turn turn, OutputStream out) throws IOException {
    JsonNode recorded = exchange.path("response");
    Map<String, String> headers = new TreeMap<>();
    int status = recorded.path("status").asInt();
    byte[] body = recorded.path("body_head").asText().getBytes(UTF_8);
    if (turn.call().type() == A6Frame.HTTP_RESP_CALL) {
      status = turn.call().decoded().path("status").asInt();
      StreamSupport.stream(turn.call().decoded().path("headers").spliterator(), false)
          .forEach(h -> headers.put(h.get(0).asText(), h.get(1).asText()));
      if (!turn.given().isEmpty()) {
        body = Answers.given(turn.given().get(0).frame().orElseThrow());
      }
    } else {
      recorded
          .path("headers")
          .properties()
          .forEach(
              h -> {
                if (!OF_THE_CONNECTION.contains(h.getKey())) {
                  headers.put(h.getKey(), h.getValue().asText());
                }
              });
      headers.put("x-upstream", "mock");
      headers.remove("x-lab-from-runner");
      if (request.target().contains("/inspect")) {
        body = JSON.writeValueAsBytes(echo(request));
      }
      headers.put(
          recorded.path("headers").has("content-length") ? "content-length" : "transfer-encoding",
          recorded.path("headers").has("content-length") ? String.valueOf(body.length) : "chunked");
    }
    StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " As Recorded\r\n");
    headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    out.write((head + "\r\n").getBytes(ISO_8859_1));
    boolean chunked =
        headers.entrySet().stream().anyMatch(h -> h.getKey().equalsIgnoreCase("transfer-encoding"));
    out.write(chunked ? chunk(body) : body);
    return false;
  }

  private static byte[] chunk(byte[] body) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes((Integer.toHexString(body.length) + "\r\n").getBytes(ISO_8859_1));
    out.writeBytes(body);
    out.writeBytes("\r\n0\r\n\r\n".getBytes(ISO_8859_1));
    return out.toByteArray();
  }

  private static ObjectNode echo(Upstream.Request request) {
    ObjectNode echo = JSON.createObjectNode();
    echo.put("method", request.line().split(" ", -1)[0]);
    echo.put("url", request.target());
    ObjectNode headers = echo.putObject("headers");
    request.headers().forEach(headers::put);
    echo.put("body_bytes", request.body().length);
    return echo;
  }

  private static Answer send(TestGateway gateway, JsonNode request, Turn turn) throws IOException {
    byte[] body = body(request, turn);
    boolean chunked = request.path("chunked").asBoolean();
    StringBuilder head = new StringBuilder();
    head.append(request.path("method").asText() + " " + request.path("path").asText());
    head.append(" HTTP/1.1\r\nHost: 127.0.0.1:9080\r\nConnection: close\r\n");
    request
        .path("headers")
        .properties()
        .forEach(
            h -> {
              List<JsonNode> values = new ArrayList<>();
              if (h.getValue().isArray()) {
                h.getValue().forEach(values::add);
              } else {
                values.add(h.getValue());
              }
              values.forEach(v -> head.append(h.getKey() + ": " + v.asText() + "\r\n"));
            });
    if (chunked) {
      head.append("Transfer-Encoding: chunked\r\n");
    }
    try (RawClient client = new RawClient(gateway)) {
      client.write(head + "\r\n");
      client.write(chunked ? chunk(body) : body);
      return client.read(false);
    }
  }

  /** The request's body: whole in the index, or in the frame that carried it, or filler. */
  private static byte[] body(JsonNode request, Turn turn) throws IOException {
    int length = request.path("body_bytes").asInt();
    byte[] head = request.path("body_head").asText().getBytes(UTF_8);
    if (head.length != length
        && turn.call().type() == A6Frame.HTTP_REQ_CALL
        && !turn.given().isEmpty()) {
      Optional<A6Frame> given = turn.given().get(0).frame();
      return given.isPresent() ? Answers.given(given.get()) : new byte[length];
    }
    return head;
  }

  private static void same(Answer answer, JsonNode recorded, Turn turn) throws IOException {
    assertThat(answer.status()).isEqualTo(recorded.path("status").asInt());
    assertThat(answer.whole()).isTrue();
    Map<String, String> headers = new TreeMap<>();
    recorded
        .path("headers")
        .properties()
        .forEach(h -> headers.put(h.getKey(), h.getValue().asText()));
    Map<String, String> seen = new TreeMap<>(answer.headers());
    assertThat(seen.remove("date")).isNotNull();
    headers.remove("date");
    assertThat(seen).isEqualTo(headers);
    String text = recorded.path("body_head").asText();
    if (text.startsWith("{\"method\"")) {
      assertThat(comparable(answer.text())).isEqualTo(comparable(text));
    } else if (answer.body().length != text.getBytes(UTF_8).length) {
      assertThat(answer.body()).isEqualTo(Answers.given(turn.given().get(0).frame().orElseThrow()));
    } else {
      assertThat(answer.text()).isEqualTo(text);
    }
  }

  /** An echo without what is another's each time; its body is compared by length. */
  private static JsonNode comparable(String echo) throws IOException {
    ObjectNode json = (ObjectNode) JSON.readTree(echo);
    json.remove("body_head");
    ((ObjectNode) json.path("headers")).remove("x-forwarded-port");
    return json;
  }
}
