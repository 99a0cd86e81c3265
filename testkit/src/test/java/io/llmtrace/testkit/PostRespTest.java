package io.llmtrace.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.api7.A6.HTTPRespCall.Req;
import io.llmtrace.testkit.RawClient.Answer;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** ext-plugin-post-resp: what the runner can do to an answer, and what is lost or leaks. */
@Timeout(60)
class PostRespTest {
  private static final A6Frame NO_CHANGE = Answers.response(0, Map.of(), "");

  @TempDir Path folder;
  private final List<String> bodiesGiven = new CopyOnWriteArrayList<>();

  @Test
  void theRunnerSeesStatusAndHeadersInTheUpstreamsCase() throws Exception {
    CountDownLatch seen = new CountDownLatch(1);
    exchange(
        false,
        json(),
        (call, peer) -> {
          Req head = Req.getRootAsReq(call.payload());
          assertThat(head.status()).isEqualTo(201);
          assertThat(head.headersLength()).isEqualTo(3);
          assertThat(head.headers(0).name()).isEqualTo("Content-Type");
          assertThat(head.headers(1).name()).isEqualTo("X-Upstream");
          seen.countDown();
          peer.send(NO_CHANGE);
        });
    assertThat(seen.getCount()).isZero();
  }

  @Test
  void statusHeadersAndBodyAreReplaced() throws Exception {
    Answer answer =
        exchange(
            false,
            json(),
            (call, peer) -> {
              bodiesGiven.add(new String(Answers.askResponseBody(peer), UTF_8));
              peer.send(Answers.response(299, Map.of("X-Ours", "1"), "replaced"));
            });
    assertThat(bodiesGiven).containsExactly("{\"a\":1}");
    assertThat(answer.status()).isEqualTo(299);
    assertThat(answer.text()).isEqualTo("replaced");
    assertThat(answer.headers())
        .containsEntry("x-ours", "1")
        .containsEntry("content-type", "text/plain; charset=utf-8")
        .doesNotContainKey("x-upstream");
  }

  @Test
  void aBodyAloneKeepsTheUpstreamsStatus() throws Exception {
    Answer answer =
        exchange(
            false,
            json(),
            (call, peer) -> peer.send(Answers.response(0, Map.of(), "replaced unseen")));
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.text()).isEqualTo("replaced unseen");
  }

  @Test
  void aStatusAloneKeepsTheBody() throws Exception {
    Answer answer =
        exchange(false, json(), (call, peer) -> peer.send(Answers.response(418, Map.of(), "")));
    assertThat(answer.status()).isEqualTo(418);
    assertThat(answer.text()).isEqualTo("{\"a\":1}");
  }

  @Test
  void theContentTypeIsLostUnlessTheRunnerReturnsHeadersAndThenOnlyThoseAreLeft() throws Exception {
    Answer unchanged = exchange(false, json(), (call, peer) -> peer.send(NO_CHANGE));
    assertThat(unchanged.headers())
        .containsEntry("x-upstream", "mock")
        .containsEntry("content-type", "text/plain; charset=utf-8")
        .containsEntry("transfer-encoding", "chunked");
    Answer returned =
        exchange(
            false,
            json(),
            (call, peer) ->
                peer.send(Answers.response(0, Map.of("Content-Type", "application/json"), "")));
    assertThat(returned.headers())
        .containsEntry("content-type", "application/json")
        .doesNotContainKey("x-upstream");
    assertThat(returned.text()).isEqualTo("{\"a\":1}");
  }

  @Test
  void aRunnersErrorGivesTheClientStatus503WithTheUpstreamsBody() throws Exception {
    Answer answer =
        exchange(
            false,
            json(),
            (call, peer) -> {
              Answers.askResponseBody(peer);
              peer.send(Answers.unavailable());
            });
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.text()).as("the leak, as recorded").isEqualTo("{\"a\":1}");
    assertThat(answer.headers())
        .containsEntry("content-type", "text/plain; charset=utf-8")
        .doesNotContainKey("x-upstream");
  }

  @Test
  void withDegradationARunnersErrorLosesOnlyTheHeaders() throws Exception {
    Answer answer = exchange(true, json(), (call, peer) -> peer.send(Answers.unavailable()));
    assertThat(answer.status()).isEqualTo(201);
    assertThat(answer.text()).isEqualTo("{\"a\":1}");
    assertThat(answer.headers()).doesNotContainKey("x-upstream");
  }

  @Test
  void withoutTheBodyAskedForAStreamIsPassedChunkByChunk() throws Exception {
    CountDownLatch firstSeen = new CountDownLatch(1);
    Path socket = folder.resolve("stream.sock");
    try (Upstream upstream = twoChunks(firstSeen);
        ScriptedRunner runner = new ScriptedRunner(socket, (call, peer) -> peer.send(NO_CHANGE));
        TestGateway gateway = gateway(socket, false, upstream);
        RawClient client = new RawClient(gateway)) {
      client.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      String line = Upstream.line(client.input());
      while (!line.isEmpty()) {
        line = Upstream.line(client.input());
      }
      assertThat(client.chunk()).isEqualTo("first".getBytes(UTF_8));
      firstSeen.countDown();
      assertThat(client.chunk()).isEqualTo("other".getBytes(UTF_8));
      assertThat(client.chunk()).isEmpty();
      assertThat(runner.prepared).hasValue(1);
    }
  }

  @Test
  void withTheBodyAskedForNothingGoesOutBeforeItsEnd() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    Path socket = folder.resolve("whole.sock");
    try (Upstream upstream = twoChunks(asked);
        ScriptedRunner runner =
            new ScriptedRunner(
                socket,
                (call, peer) -> {
                  asked.countDown();
                  bodiesGiven.add(new String(Answers.askResponseBody(peer), UTF_8));
                  peer.send(NO_CHANGE);
                });
        TestGateway gateway = gateway(socket, false, upstream)) {
      assertThat(RawClient.get(gateway, "/").text()).isEqualTo("firstother");
      assertThat(bodiesGiven).containsExactly("firstother");
      assertThat(runner.prepared).hasValue(1);
    }
  }

  @Test
  void anUpstreamThatBreaksOffFailsTheCallThatAskedForItsBody() throws Exception {
    Path socket = folder.resolve("broken.sock");
    try (Upstream upstream =
            new Upstream(
                (request, out) -> {
                  out.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".getBytes(UTF_8));
                  return false;
                });
        ScriptedRunner runner =
            new ScriptedRunner(
                socket,
                (call, peer) -> {
                  Answers.askResponseBody(peer);
                  peer.send(NO_CHANGE);
                });
        TestGateway gateway = gateway(socket, true, upstream)) {
      Answer answer = RawClient.get(gateway, "/");
      assertThat(answer.whole()).isFalse();
      assertThat(runner.prepared).hasValue(1);
    }
  }

  @Test
  void theUpstreamIsAskedOnAConnectionOfItsOwnAsTheClientAsked() throws Exception {
    Path socket = folder.resolve("own.sock");
    try (Upstream upstream = Upstream.ok();
        ScriptedRunner runner = new ScriptedRunner(socket, (call, peer) -> peer.send(NO_CHANGE));
        TestGateway gateway = gateway(socket, false, upstream)) {
      RawClient.get(gateway, "/a%20b?c=d");
      RawClient.get(gateway, "/a%20b?c=d");
      assertThat(upstream.connections()).isEqualTo(2);
      assertThat(upstream.requests.get(0).target()).isEqualTo("/a%20b?c=d");
      assertThat(upstream.requests.get(0).headers())
          .containsEntry("host", "localhost")
          .doesNotContainKey("x-real-ip");
      assertThat(runner.prepared).hasValue(1);
    }
  }

  private static Upstream json() throws IOException {
    return Upstream.always(
        "HTTP/1.1 201 Created",
        "Content-Type: application/json",
        "X-Upstream: mock",
        "Content-Length: 7",
        "",
        "{\"a\":1}");
  }

  private static Upstream twoChunks(CountDownLatch between) throws IOException {
    return new Upstream(
        (request, out) -> {
          out.write(
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
                  .getBytes(UTF_8));
          out.flush();
          try {
            between.await(45, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
          }
          out.write("5\r\nother\r\n0\r\n\r\n".getBytes(UTF_8));
          return true;
        });
  }

  private Answer exchange(boolean degrade, Upstream from, ScriptedRunner.Script script)
      throws Exception {
    Path socket = folder.resolve("r" + System.nanoTime() + ".sock");
    try (Upstream upstream = from;
        ScriptedRunner runner = new ScriptedRunner(socket, script);
        TestGateway gateway = gateway(socket, degrade, upstream)) {
      Answer answer = RawClient.get(gateway, "/");
      assertThat(runner.prepared).hasValue(1);
      return answer;
    }
  }

  private static TestGateway gateway(Path socket, boolean degrade, Upstream upstream) {
    return TestGateway.start(
        Routes.plugin("ext-plugin-post-resp", degrade, upstream.port()), Options.of(socket));
  }
}
