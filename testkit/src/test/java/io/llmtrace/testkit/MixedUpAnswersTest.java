package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.api7.A6.HTTPReqCall.Req;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The weakness that the plugin is built against: the gateway takes whatever comes next on a
 * connection as the answer to its last call. On the real one 911 of 6,000 requests got another's
 * decision from a runner that answered twice. Here too they do, so a plugin that mixes up answers
 * cannot pass its tests on this gateway.
 */
@Timeout(60)
class MixedUpAnswersTest {
  private static final int CLIENTS = 16;
  private static final int REQUESTS = 1_600;
  private static final int MAX_LATENESS_NANOS = 5_000_000;

  @TempDir Path folder;

  @Test
  void aRunnerThatAnswersTwiceGivesRequestsTheDecisionsOfOthers() throws Exception {
    Random lateness = new Random(911);
    int foreign =
        foreignDecisions(
            (call, peer) -> {
              A6Frame answer = echo(call);
              peer.send(answer);
              // As late as a callback is: at once the gateway mostly sees both together, and
              // closes.
              LockSupport.parkNanos(lateness.nextInt(MAX_LATENESS_NANOS));
              peer.send(answer);
            });
    System.out.printf("answered twice: %d of %d got another's decision%n", foreign, REQUESTS);
    assertThat(foreign).as("decisions of others, of " + REQUESTS).isGreaterThan(10);
  }

  @Test
  void aRunnerThatAnswersOnceGivesEachRequestItsOwn() throws Exception {
    assertThat(foreignDecisions((call, peer) -> peer.send(echo(call)))).isZero();
  }

  /** Stops the request with its own path for a body. */
  private static A6Frame echo(A6Frame call) {
    Req request = Req.getRootAsReq(call.payload());
    return Answers.stop(request.id(), 200, request.path());
  }

  /** How many of the clients' requests were answered with a path that is not theirs. */
  private int foreignDecisions(ScriptedRunner.Script script) throws Exception {
    Path socket = folder.resolve("r.sock");
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try (ScriptedRunner runner = new ScriptedRunner(socket, script);
        TestGateway gateway =
            TestGateway.start(Routes.plugin("ext-plugin-pre-req", false, 9), Options.of(socket))) {
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        String name = "/client-" + i + "/";
        tasks.add(() -> foreign(gateway, name));
      }
      int foreign = 0;
      for (Future<Integer> each : clients.invokeAll(tasks)) {
        foreign += each.get();
      }
      assertThat(runner.prepared.get()).isPositive();
      return foreign;
    } finally {
      clients.shutdownNow();
    }
  }

  private static int foreign(TestGateway gateway, String name) throws Exception {
    int foreign = 0;
    try (RawClient client = new RawClient(gateway)) {
      for (int n = 0; n < REQUESTS / CLIENTS; n++) {
        client.write("GET " + name + n + " HTTP/1.1\r\nHost: h\r\n\r\n");
        RawClient.Answer answer = client.read(false);
        assertThat(answer.status()).isEqualTo(200);
        if (!answer.text().equals(name + n)) {
          foreign++;
        }
      }
    }
    return foreign;
  }
}
