package io.llmtrace.plugin.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.plugin.gateway.RecordedFrames.Recorded;
import io.llmtrace.plugin.inspection.Host;
import io.llmtrace.testkit.a6.A6Client;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.ExtraQuestion;
import io.llmtrace.testkit.a6.GatewayFrames;
import io.llmtrace.testkit.a6.RunnerAnswer;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What we answer, held against what a real gateway was seen to accept. */
@Timeout(30)
class RecordedAnswersTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Headers that no answer to a response call may carry: they speak of one connection. */
  private static final Set<String> OF_A_CONNECTION =
      Set.of("connection", "content-length", "transfer-encoding");

  @TempDir Path directory;

  @Test
  void aStopWithABodySaysWhatTheRecordedOneSays() throws Exception {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("X-Lab-Blocked", "1");
    headers.put("Content-Type", "application/json");
    byte[] body =
        "{\"error\":{\"message\":\"blocked by lab filter\",\"type\":\"security_policy\"}}"
            .getBytes(StandardCharsets.UTF_8);
    sameMeaning("stop-403-json/005-r2g-http_req_call.bin", new Answer.Stop(403, headers, body));
  }

  @Test
  void aStopWithNothingInItSaysWhatTheRecordedOneSays() throws Exception {
    sameMeaning(
        "stop-403-empty/005-r2g-http_req_call.bin", new Answer.Stop(403, Map.of(), new byte[0]));
  }

  @Test
  void changedAndRemovedRequestHeadersSayWhatTheRecordedOnesSay() throws Exception {
    sameMeaning(
        "header-rewrite/005-r2g-http_req_call.bin",
        new Answer.Rewrite(
            Map.of("x-lab-replaced", "new value", "x-lab-added", "one", "x-lab-utf8", "héllo"),
            Set.of("x-lab-removed"),
            Map.of(),
            null));
  }

  @Test
  void headersForTheClientSayWhatTheRecordedOnesSay() throws Exception {
    sameMeaning(
        "rewrite-resp-headers/004-r2g-http_req_call.bin",
        new Answer.Rewrite(
            Map.of("x-llmtrace-id", "trace-fixed-1"),
            Set.of(),
            Map.of(
                "X-Lab-From-Runner",
                "yes",
                "X-Upstream",
                "overridden",
                "Content-Type",
                "text/evil"),
            null));
  }

  @Test
  void aNewBodyIsByteForByteTheRecordedOne() throws Exception {
    for (String frame :
        List.of(
            "rewrite-body/006-r2g-http_req_call.bin",
            "rewrite-body-1mib/004-r2g-http_req_call.bin")) {
      RunnerAnswer.Rewrite recorded =
          (RunnerAnswer.Rewrite) GatewayFrames.requestAnswer(RecordedFrames.frame(frame));
      Map<String, String> headers = new LinkedHashMap<>();
      recorded.headers().forEach(header -> headers.put(header.name(), header.value()));
      sameMeaning(frame, new Answer.Rewrite(headers, Set.of(), Map.of(), recorded.body()));
    }
  }

  @Test
  void anUnknownTokenIsToldWithTheRecordedError() throws Exception {
    A6Frame recorded = RecordedFrames.frame("unknown-conf-token/002-r2g-error.bin");
    assertThat(GatewayFrames.isTokenNotFound(recorded)).isTrue();
    A6Frame ours = frame(A6.tokenNotFound());
    assertThat(ours.type()).isEqualTo(recorded.type());
    assertThat(GatewayFrames.isTokenNotFound(ours)).isTrue();
  }

  static List<String> scenarios() throws IOException {
    return RecordedFrames.scenarios();
  }

  /**
   * Plays the gateway's part of each recording to our host. Where the recorded runner answered
   * twice or failed, ours still gives each call its one answer.
   */
  @ParameterizedTest
  @MethodSource("scenarios")
  void everyRecordedCallGetsOneAnswerThatAGatewayAccepts(String scenario) throws Exception {
    List<Recorded> frames = RecordedFrames.of(scenario);
    try (Host host = new Host(directory, text -> {})) {
      int token = 0;
      for (Recorded recorded : frames) {
        if (!recorded.fromGateway()) {
          continue;
        }
        // Each call on a connection of its own: a second answer would be left over on it.
        try (A6Client gateway = A6Client.connect(host.socket)) {
          switch (recorded.frame().type()) {
            case A6Frame.PREPARE_CONF -> {
              token = prepare(gateway, recorded.frame());
              assertThat(prepare(gateway, recorded.frame())).as("the same conf").isEqualTo(token);
            }
            case A6Frame.HTTP_REQ_CALL -> {
              if (token == 0) {
                gateway.send(recorded.frame(), PATIENCE);
                assertThat(GatewayFrames.isTokenNotFound(receive(gateway))).isTrue();
                continue;
              }
              request(gateway, recorded, token, frames);
            }
            case A6Frame.HTTP_RESP_CALL -> {
              if (token == 0) {
                gateway.send(recorded.frame(), PATIENCE);
                assertThat(GatewayFrames.isTokenNotFound(receive(gateway))).isTrue();
                continue;
              }
              response(gateway, recorded, token);
            }
            default -> {
              // Answers to questions; given where ours are asked.
            }
          }
        }
      }
    }
  }

  private static int prepare(A6Client gateway, A6Frame conf) throws IOException {
    gateway.send(conf, PATIENCE);
    A6Frame answer = receive(gateway);
    assertThat(answer.type()).isEqualTo(A6Frame.PREPARE_CONF);
    assertThat(gateway.isIdle()).as("one answer").isTrue();
    long token = GatewayFrames.token(answer);
    assertThat(token).isBetween(1L, (long) Integer.MAX_VALUE);
    return (int) token;
  }

  private static void request(A6Client gateway, Recorded call, int token, List<Recorded> frames)
      throws IOException {
    Map<String, byte[]> variables = new HashMap<>();
    byte[] body = answers(frames, variables);
    gateway.send(RecordedFrames.withToken(call.frame(), token), PATIENCE);
    A6Frame frame = receive(gateway);
    while (frame.type() == A6Frame.EXTRA_INFO) {
      ExtraQuestion question = GatewayFrames.question(frame);
      byte[] known =
          question instanceof ExtraQuestion.Variable variable
              ? variables.get(variable.name())
              : body;
      gateway.send(GatewayFrames.extraInfo(known), PATIENCE);
      frame = receive(gateway);
    }
    assertThat(frame.type()).as(call.file()).isEqualTo(A6Frame.HTTP_REQ_CALL);
    assertThat(id(frame)).as("id of " + call.file()).isEqualTo(idOfCall(call.frame()));
    assertThat(GatewayFrames.requestAnswer(frame))
        .as(call.file())
        .isInstanceOfSatisfying(
            RunnerAnswer.Rewrite.class,
            rewrite -> {
              assertThat(rewrite.headers()).extracting(Entry::name).contains("x-llmtrace-id");
              assertThat(rewrite.body()).isNull();
              assertThat(rewrite.path()).isNull();
              assertThat(rewrite.args()).isEmpty();
            });
    assertThat(gateway.isIdle()).as("nothing after the answer to " + call.file()).isTrue();
  }

  private static void response(A6Client gateway, Recorded call, int token) throws IOException {
    gateway.send(RecordedFrames.withToken(call.frame(), token), PATIENCE);
    A6Frame frame = receive(gateway);
    assertThat(frame.type()).as(call.file()).isEqualTo(A6Frame.HTTP_RESP_CALL);
    RunnerAnswer.Response answer = GatewayFrames.responseAnswer(frame);
    // What a gateway is not told again it forgets.
    io.github.api7.A6.HTTPRespCall.Req req =
        io.github.api7.A6.HTTPRespCall.Req.getRootAsReq(call.frame().payload());
    Set<Entry> upstream = new HashSet<>();
    for (int i = 0; i < req.headersLength(); i++) {
      Entry header = new Entry(req.headers(i).name(), req.headers(i).value());
      if (!OF_A_CONNECTION.contains(header.name().toLowerCase(java.util.Locale.ROOT))) {
        upstream.add(header);
      }
    }
    assertThat(answer.headers()).as(call.file()).containsExactlyInAnyOrderElementsOf(upstream);
    assertThat(answer.body()).isNull();
    assertThat(answer.status()).isZero();
    assertThat(gateway.isIdle()).isTrue();
  }

  /** The answers that the recorded gateway gave: variables by name; the body is returned. */
  private static byte[] answers(List<Recorded> frames, Map<String, byte[]> variables) {
    Map<Integer, Deque<ExtraQuestion>> asked = new HashMap<>();
    byte[] body = null;
    for (Recorded each : frames) {
      if (each.frame().type() != A6Frame.EXTRA_INFO) {
        continue;
      }
      Deque<ExtraQuestion> open =
          asked.computeIfAbsent(each.connection(), connection -> new ArrayDeque<>());
      if (!each.fromGateway()) {
        open.add(GatewayFrames.question(each.frame()));
        continue;
      }
      ByteBuffer result =
          io.github.api7.A6.ExtraInfo.Resp.getRootAsResp(each.frame().payload())
              .resultAsByteBuffer();
      byte[] bytes = new byte[result == null ? 0 : result.remaining()];
      if (result != null) {
        result.get(bytes);
      }
      ExtraQuestion question = open.remove();
      if (question instanceof ExtraQuestion.Variable variable) {
        variables.put(variable.name(), bytes);
      } else if (question instanceof ExtraQuestion.RequestBody) {
        body = bytes;
      }
    }
    return body;
  }

  private static void sameMeaning(String recordedFrame, Answer answer) throws IOException {
    A6Frame recorded = RecordedFrames.frame(recordedFrame);
    A6Frame ours = frame(A6.answer(id(recorded), answer));
    assertThat(ours.type()).isEqualTo(recorded.type());
    assertThat(id(ours)).isEqualTo(id(recorded));
    RunnerAnswer expected = GatewayFrames.requestAnswer(recorded);
    RunnerAnswer actual = GatewayFrames.requestAnswer(ours);
    // The gateway applies headers by name: their order says nothing.
    assertThat(actual).usingRecursiveComparison().ignoringCollectionOrder().isEqualTo(expected);
  }

  private static long id(A6Frame answer) {
    return io.github.api7.A6.HTTPReqCall.Resp.getRootAsResp(answer.payload()).id();
  }

  private static long idOfCall(A6Frame call) {
    return io.github.api7.A6.HTTPReqCall.Req.getRootAsReq(call.payload()).id();
  }

  private static A6Frame receive(A6Client gateway) throws IOException {
    return gateway
        .receive(PATIENCE)
        .orElseThrow(() -> new IOException("the plugin closed the connection"));
  }

  private static A6Frame frame(ByteBuf bytes) {
    try {
      return A6Frame.decode(bytes.nioBuffer());
    } finally {
      bytes.release();
    }
  }
}
