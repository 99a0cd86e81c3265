package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.api7.A6.HTTPReqCall.Req;
import io.llmtrace.testkit.Recording.Recorded;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.ExtraQuestion;
import io.llmtrace.testkit.a6.GatewayFrames;
import io.llmtrace.testkit.a6.RunnerAnswer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every recorded frame says what its index says, to the reader that the gateway uses. */
class RecordedFramesTest {
  static Stream<String> scenarios() throws IOException {
    return Recording.scenarios();
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void theGatewaysFramesDecode(String scenario) throws IOException {
    for (Recorded recorded : Recording.of(scenario).frames()) {
      if (recorded.fromRunner() || recorded.frame().isEmpty()) {
        continue;
      }
      A6Frame frame = recorded.frame().get();
      assertThat(frame.type()).isEqualTo(recorded.type());
      assertThat(frame.payload().remaining())
          .isEqualTo(recorded.about().path("payload_bytes").asInt());
      if (recorded.type() == A6Frame.HTTP_REQ_CALL) {
        Req req = Req.getRootAsReq(frame.payload());
        assertThat(req.path()).isEqualTo(recorded.decoded().path("path").asText());
        assertThat(req.headersLength()).isEqualTo(recorded.decoded().path("headers").size());
      } else if (recorded.type() == A6Frame.EXTRA_INFO) {
        byte[] given = Answers.given(frame);
        assertThat(given).hasSize(recorded.decoded().path("result").path("bytes").asInt());
        if (given.length > 0) {
          assertThat(GatewayFrames.extraInfo(given).payload().remaining())
              .as("ours is as long, so the longest body that fits is the same")
              .isEqualTo(frame.payload().remaining());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void theRunnersFramesSayToOurReaderWhatTheyWere(String scenario) throws IOException {
    for (Recorded recorded : Recording.of(scenario).frames()) {
      if (recorded.fromRunner()) {
        A6Frame frame = recorded.frame().orElseThrow();
        JsonNode said = recorded.decoded();
        switch (recorded.type()) {
          case A6Frame.ERROR ->
              assertThat(GatewayFrames.isTokenNotFound(frame))
                  .isEqualTo(said.path("code").asText().equals("CONF_TOKEN_NOT_FOUND"));
          case A6Frame.PREPARE_CONF ->
              assertThat(GatewayFrames.token(frame)).isEqualTo(said.path("conf_token").asLong());
          case A6Frame.EXTRA_INFO ->
              assertThat(GatewayFrames.question(frame)).isEqualTo(question(said));
          case A6Frame.HTTP_REQ_CALL -> same(GatewayFrames.requestAnswer(frame), said);
          default -> same(GatewayFrames.responseAnswer(frame), said);
        }
      }
    }
  }

  private static ExtraQuestion question(JsonNode said) {
    return switch (said.path("info").asText()) {
      case "Var" -> new ExtraQuestion.Variable(said.path("name").asText());
      case "ReqBody" -> new ExtraQuestion.RequestBody();
      default -> new ExtraQuestion.ResponseBody();
    };
  }

  private static void same(RunnerAnswer answer, JsonNode said) {
    if (answer instanceof RunnerAnswer.Stop stop) {
      assertThat(said.path("action").asText()).isEqualTo("Stop");
      assertThat(stop.status()).isEqualTo(said.path("status").asInt());
      assertThat(stop.headers()).isEqualTo(entries(said.path("headers")));
      same(stop.body(), said.path("body"));
    } else if (answer instanceof RunnerAnswer.Rewrite rewrite) {
      assertThat(said.path("action").asText()).isEqualTo("Rewrite");
      assertThat(rewrite.path()).isEqualTo(said.path("path").textValue());
      assertThat(rewrite.headers()).isEqualTo(entries(said.path("headers")));
      assertThat(rewrite.args()).isEqualTo(entries(said.path("args")));
      assertThat(rewrite.respHeaders()).isEqualTo(entries(said.path("resp_headers")));
      same(rewrite.body(), said.path("body"));
    } else if (answer instanceof RunnerAnswer.Response response) {
      assertThat(response.status()).isEqualTo(said.path("status").asInt());
      assertThat(response.headers()).isEqualTo(entries(said.path("headers")));
      same(response.body(), said.path("body"));
    } else {
      assertThat(said.path("action").asText()).isEqualTo("NONE");
    }
  }

  private static void same(@Nullable ByteBuffer body, JsonNode said) {
    assertThat(body == null ? 0 : body.remaining()).isEqualTo(said.path("bytes").asInt());
  }

  private static List<Entry> entries(JsonNode pairs) {
    List<Entry> entries = new ArrayList<>();
    StreamSupport.stream(pairs.spliterator(), false)
        .forEach(p -> entries.add(new Entry(p.get(0).asText(), p.get(1).textValue())));
    return entries;
  }
}
