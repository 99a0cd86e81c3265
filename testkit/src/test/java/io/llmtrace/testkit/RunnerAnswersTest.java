package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.api7.A6.Err.Code;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.provider.MockProvider;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the gateway does with answers that a runner should not give. */
@Timeout(60)
class RunnerAnswersTest {
  private static final A6Frame GO_ON = Answers.goOn();

  /** For runners that answer: a busy machine is not the subject. */
  private static final Duration PATIENT = Duration.ofSeconds(20);

  /** For those that do not. */
  private static final Duration HASTY = Duration.ofSeconds(1);

  @TempDir Path folder;
  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicInteger prepared = new AtomicInteger();
  private final AtomicInteger calls = new AtomicInteger();

  @Test
  void anAnswerThatCannotBeReadFailsTheCallAndNotTheGateway() throws Exception {
    A6Frame noise = new A6Frame(A6Frame.HTTP_REQ_CALL, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    A6Frame farPointer =
        new A6Frame(
            A6Frame.HTTP_REQ_CALL, ByteBuffer.wrap(new byte[] {-1, -1, -1, 127, 0, 0, 0, 0}));
    List<A6Frame> script = List.of(noise, farPointer, GO_ON);
    assertThat(statuses(false, n -> script.get(n - 1), 3)).containsExactly(503, 503, 200);
  }

  @Test
  void anAnswerOfNoBytesIsAnErrorOfTheGateway() throws Exception {
    A6Frame empty = new A6Frame(A6Frame.HTTP_REQ_CALL, ByteBuffer.allocate(0));
    assertThat(statuses(true, n -> n == 1 ? empty : GO_ON, 2)).containsExactly(500, 200);
  }

  @Test
  void anErrorFramePassesOnlyWhereDegradationIsAllowed() throws Exception {
    assertThat(statuses(false, n -> Answers.error(Code.SERVICE_UNAVAILABLE), 1))
        .containsExactly(503);
    assertThat(statuses(true, n -> Answers.error(Code.SERVICE_UNAVAILABLE), 1))
        .containsExactly(200);
  }

  @Test
  void anUnknownTokenIsPreparedAgainAndTheCallRepeated() throws Exception {
    assertThat(statuses(false, n -> n == 1 ? Answers.error(Code.CONF_TOKEN_NOT_FOUND) : GO_ON, 2))
        .containsExactly(200, 200);
    assertThat(prepared).hasValue(2);
    assertThat(calls).hasValue(3);
  }

  @Test
  void aTokenThatStaysUnknownEndsAfterThreeTries() throws Exception {
    assertThat(statuses(false, n -> Answers.error(Code.CONF_TOKEN_NOT_FOUND), 1))
        .containsExactly(503);
    assertThat(calls).hasValue(3);
  }

  @Test
  void aRunnerThatHangsHoldsTheClientUntilTheTimeOut() throws Exception {
    assertThat(statuses(HASTY, false, n -> n == 1 ? null : GO_ON, 2)).containsExactly(503, 200);
    assertThat(statuses(HASTY, true, n -> null, 1)).containsExactly(200);
  }

  /** Statuses of some requests; the script answers the n-th call, from 1, or never with null. */
  private List<Integer> statuses(boolean degrade, Function<Integer, A6Frame> script, int requests)
      throws Exception {
    return statuses(PATIENT, degrade, script, requests);
  }

  private List<Integer> statuses(
      Duration timeOut, boolean degrade, Function<Integer, A6Frame> script, int requests)
      throws Exception {
    calls.set(0);
    Path socket = folder.resolve("r" + System.nanoTime() + ".sock");
    try (MockProvider provider = MockProvider.start();
        ScriptedRunner runner =
            new ScriptedRunner(
                socket,
                (call, peer) -> {
                  A6Frame answer = script.apply(calls.incrementAndGet());
                  if (answer != null) {
                    peer.send(answer);
                  }
                });
        TestGateway gateway = gateway(timeOut, socket, degrade, provider.port())) {
      List<Integer> out = new ArrayList<>();
      for (int i = 0; i < requests; i++) {
        out.add(chat(gateway));
      }
      prepared.set(runner.prepared.get());
      return out;
    }
  }

  private static TestGateway gateway(Duration timeOut, Path socket, boolean degrade, int upstream) {
    return TestGateway.start(
        Routes.plugin("ext-plugin-pre-req", degrade, upstream),
        Options.of(socket).withRunnerTimeout(timeOut));
  }

  private int chat(TestGateway gateway) throws Exception {
    return http.send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + gateway.port() + "/v1/chat/completions"))
                .POST(HttpRequest.BodyPublishers.ofString("{\"model\":\"m\",\"messages\":[]}"))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .statusCode();
  }
}
