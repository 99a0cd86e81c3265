package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.api7.A6.HTTPReqCall.Req;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.gateway.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** How the gateway keeps, shares and gives up connections to the runner. */
@Timeout(60)
class RunnerConnectionsTest {
  /** The longest request body whose frame fits; larger ones fail the call, as on APISIX 3.18.0. */
  private static final int LARGEST_BODY = 16_777_188;

  private static final ScriptedRunner.Script GO_ON = (call, peer) -> peer.send(Answers.goOn());

  @TempDir Path folder;
  private Path socket;

  @BeforeEach
  void freshSocket() {
    socket = folder.resolve("r.sock");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void callsReuseConnectionsAndCountUpFromZero(Transport transport) throws Exception {
    List<Long> ids = new CopyOnWriteArrayList<>();
    try (Upstream upstream = Upstream.ok();
        ScriptedRunner runner =
            new ScriptedRunner(
                socket,
                (call, peer) -> {
                  ids.add(Req.getRootAsReq(call.payload()).id());
                  peer.send(Answers.goOn());
                });
        TestGateway gateway = gateway(upstream, options().withTransport(transport))) {
      get(gateway, 3);
      assertThat(runner.connections).as("one for the call, one to prepare").hasValue(2);
    }
    assertThat(ids).containsExactly(0L, 1L, 2L);
  }

  @Test
  void anIdleConnectionIsClosedAfterItsTime() throws Exception {
    try (Upstream upstream = Upstream.ok();
        ScriptedRunner runner = new ScriptedRunner(socket, GO_ON);
        TestGateway gateway = gateway(upstream, options().withPoolIdle(Duration.ofMillis(200)))) {
      get(gateway, 1);
      until(() -> runner.open.get() == 0);
      get(gateway, 1);
      assertThat(runner.connections).hasValue(3);
      assertThat(runner.prepared).as("the token stays").hasValue(1);
    }
  }

  @Test
  void aFullPoolClosesTheConnectionThatWasIdleForLongest() throws Exception {
    try (Upstream upstream = Upstream.ok();
        ScriptedRunner runner = new ScriptedRunner(socket, GO_ON);
        TestGateway gateway =
            gateway(
                upstream, options().withRunnerPool(new Options.Pool(1, Duration.ofSeconds(60))))) {
      get(gateway, 1);
      until(() -> runner.open.get() == 1);
      get(gateway, 3);
      assertThat(runner.connections).hasValue(2);
    }
  }

  @Test
  void twoAnswersThatArriveTogetherCostTheConnectionAndNobodyItsAnswer() throws Exception {
    try (Upstream upstream = Upstream.ok();
        ScriptedRunner runner =
            new ScriptedRunner(
                socket,
                (call, peer) -> {
                  A6Frame answer = Answers.stop(1, 200, Req.getRootAsReq(call.payload()).path());
                  ByteBuffer once = answer.encode();
                  ByteBuffer twice = ByteBuffer.allocate(2 * once.remaining());
                  twice.put(once.duplicate()).put(once).flip();
                  while (twice.hasRemaining()) {
                    peer.channel().write(twice);
                  }
                });
        TestGateway gateway = gateway(upstream, options())) {
      for (int i = 0; i < 4; i++) {
        assertThat(RawClient.get(gateway, "/" + i).text()).isEqualTo("/" + i);
      }
      assertThat(runner.connections)
          .as("each call's connection is closed; the one that prepared serves the second call")
          .hasValue(4);
    }
  }

  @Test
  void aRunnerThatClosesTheConnectionFailsTheCallAtOnce() throws Exception {
    try (Upstream upstream = Upstream.ok();
        ScriptedRunner runner =
            new ScriptedRunner(
                socket,
                (call, peer) -> {
                  throw new IOException("closes the connection");
                });
        TestGateway gateway = gateway(upstream, options())) {
      assertThat(RawClient.get(gateway, "/").status()).isEqualTo(503);
      assertThat(runner.prepared).hasValue(1);
    }
  }

  @Test
  void halfAFrameIsWaitedForUntilTheTimeOut() throws Exception {
    CountDownLatch sent = new CountDownLatch(1);
    try (Upstream upstream = Upstream.ok();
        ScriptedRunner runner =
            new ScriptedRunner(
                socket,
                (call, peer) -> {
                  peer.channel().write(Answers.goOn().encode().limit(7));
                  sent.countDown();
                });
        TestGateway gateway =
            gateway(upstream, options().withRunnerTimeout(Duration.ofSeconds(1)))) {
      assertThat(RawClient.get(gateway, "/").status()).isEqualTo(503);
      assertThat(sent.await(30, TimeUnit.SECONDS)).isTrue();
      until(() -> runner.open.get() == 1);
    }
  }

  @Test
  void aRunnerThatDoesNotReadFailsTheCallAfterTheTimeOut() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (Upstream upstream = Upstream.ok();
        ScriptedRunner runner =
            new ScriptedRunner(
                socket,
                (call, peer) -> {
                  peer.send(Answers.requestBodyQuestion());
                  try {
                    over.await(45, TimeUnit.SECONDS); // does not take the body
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
        TestGateway gateway =
            gateway(upstream, options().withRunnerTimeout(Duration.ofSeconds(1)))) {
      assertThat(RawClient.post(gateway, "/", new byte[4 << 20]).status()).isEqualTo(503);
      assertThat(runner.prepared).hasValue(1);
      over.countDown();
    }
  }

  @ParameterizedTest
  @CsvSource({
    LARGEST_BODY + ", true, false, 200, " + LARGEST_BODY,
    LARGEST_BODY + 1 + ", true, false, 503, -1",
    LARGEST_BODY + 1 + ", true, true, 200, -1",
    LARGEST_BODY + 1 + ", false, false, 200, -1",
  })
  void aBodyAboveTheFrameLimitFailsTheCallThatAsksForIt(
      int size, boolean asks, boolean degrade, int status, int given) throws Exception {
    List<Integer> bodies = new CopyOnWriteArrayList<>();
    try (Upstream upstream = Upstream.ok();
        ScriptedRunner runner =
            new ScriptedRunner(
                socket,
                (call, peer) -> {
                  if (asks) {
                    bodies.add(Answers.askRequestBody(peer).length);
                  }
                  peer.send(Answers.goOn());
                });
        TestGateway gateway =
            TestGateway.start(
                Routes.plugin("ext-plugin-pre-req", degrade, upstream.port()), options())) {
      assertThat(RawClient.post(gateway, "/", new byte[size]).status()).isEqualTo(status);
      assertThat(bodies).isEqualTo(given < 0 ? List.of() : List.of(given));
      assertThat(upstream.requests).hasSize(status == 200 ? 1 : 0);
      if (status == 200) {
        assertThat(upstream.request().body()).hasSize(size);
      }
      assertThat(runner.prepared).hasValue(1);
    }
  }

  @Test
  void aPrepareConfWithoutAnswerLocksTheOthersOutUntilItExpires() throws Exception {
    try (Upstream upstream = Upstream.ok();
        ScriptedRunner runner = new ScriptedRunner(socket, GO_ON);
        TestGateway gateway =
            gateway(
                upstream,
                options()
                    .withRunnerTimeout(Duration.ofSeconds(20))
                    .withPrepareLock(
                        new Options.PrepareLock(Duration.ofMillis(300), Duration.ofSeconds(4))))) {
      runner.preparing = false;
      CompletableFuture<Integer> stuck =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return RawClient.get(gateway, "/").status();
                } catch (IOException e) {
                  return 0; // the gateway was closed
                }
              });
      until(() -> !runner.confKeys.isEmpty());
      runner.preparing = true;
      assertThat(RawClient.get(gateway, "/").status()).as("locked out").isEqualTo(503);
      assertThat(runner.prepared).hasValue(0);
      List<Integer> statuses = new ArrayList<>();
      until(
          () -> {
            try {
              statuses.add(RawClient.get(gateway, "/").status());
            } catch (IOException e) {
              throw new AssertionError(e);
            }
            return statuses.get(statuses.size() - 1) == 200;
          });
      assertThat(stuck).as("the holder, still without an answer").isNotDone();
    }
  }

  private Options options() {
    return Options.of(socket).withWorkers(1);
  }

  private static TestGateway gateway(Upstream upstream, Options options) {
    return TestGateway.start(Routes.plugin("ext-plugin-pre-req", false, upstream.port()), options);
  }

  private static void get(TestGateway gateway, int times) throws IOException {
    for (int i = 0; i < times; i++) {
      assertThat(RawClient.get(gateway, "/").status()).isEqualTo(200);
    }
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) { // the test's time-out ends it
      Thread.sleep(20);
    }
  }
}
