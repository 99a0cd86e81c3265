package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.api7.A6.Err.Code;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
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
@Timeout(20)
class RunnerAnswersTest {
  private static final A6Frame GO_ON = requestAnswer();

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
    assertThat(statuses(false, n -> error(Code.SERVICE_UNAVAILABLE), 1)).containsExactly(503);
    assertThat(statuses(true, n -> error(Code.SERVICE_UNAVAILABLE), 1)).containsExactly(200);
  }

  @Test
  void anUnknownTokenIsPreparedAgainAndTheCallRepeated() throws Exception {
    assertThat(statuses(false, n -> n == 1 ? error(Code.CONF_TOKEN_NOT_FOUND) : GO_ON, 2))
        .containsExactly(200, 200);
    assertThat(prepared).hasValue(2);
    assertThat(calls).hasValue(3);
  }

  @Test
  void aTokenThatStaysUnknownEndsAfterThreeTries() throws Exception {
    assertThat(statuses(false, n -> error(Code.CONF_TOKEN_NOT_FOUND), 1)).containsExactly(503);
    assertThat(calls).hasValue(3);
  }

  @Test
  void aRunnerThatHangsHoldsTheClientUntilTheTimeOut() throws Exception {
    assertThat(statuses(false, n -> n == 1 ? null : GO_ON, 2)).containsExactly(503, 200);
    assertThat(statuses(true, n -> null, 1)).containsExactly(200);
  }

  private List<Integer> statuses(boolean degrade, Function<Integer, A6Frame> script, int requests)
      throws Exception {
    prepared.set(0);
    calls.set(0);
    Path socket = folder.resolve("r" + System.nanoTime() + ".sock");
    try (MockProvider provider = MockProvider.start();
        ServerSocketChannel runner = runner(socket, script);
        TestGateway gateway = gateway(socket, degrade, provider.port())) {
      assertThat(runner.isOpen()).isTrue();
      List<Integer> out = new ArrayList<>();
      for (int i = 0; i < requests; i++) {
        out.add(chat(gateway));
      }
      return out;
    }
  }

  private static TestGateway gateway(Path socket, boolean degrade, int upstream) {
    String yaml =
        """
        routes:
          - id: chat
            uri: /v1/*
            plugins:
              ext-plugin-pre-req:
                allow_degradation: %s
                conf:
                  - {name: llmtrace, value: '{}'}
            upstream:
              nodes:
                "127.0.0.1:%d": 1
        #END
        """
            .formatted(degrade, upstream);
    return TestGateway.start(
        GatewayConfig.parse(yaml), Options.of(socket).withRunnerTimeout(Duration.ofMillis(500)));
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

  /** Answers the n-th request call, from 1, with the script's frame; null: never. */
  private ServerSocketChannel runner(Path socket, Function<Integer, A6Frame> script)
      throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread accept =
        new Thread(
            () -> {
              while (server.isOpen()) {
                try {
                  SocketChannel peer = server.accept();
                  new Thread(() -> serve(peer, script)).start();
                } catch (IOException e) {
                  return; // the test closed the socket
                }
              }
            });
    accept.start();
    return server;
  }

  private void serve(SocketChannel peer, Function<Integer, A6Frame> script) {
    try (peer;
        DataInputStream in = new DataInputStream(Channels.newInputStream(peer))) {
      while (true) {
        int header = in.readInt();
        in.skipNBytes(header & A6Frame.MAX_PAYLOAD);
        if (header >>> 24 == A6Frame.PREPARE_CONF) {
          FlatBufferBuilder b = new FlatBufferBuilder();
          b.finish(io.github.api7.A6.PrepareConf.Resp.createResp(b, prepared.incrementAndGet()));
          peer.write(new A6Frame(A6Frame.PREPARE_CONF, b.dataBuffer()).encode());
          continue;
        }
        A6Frame answer = script.apply(calls.incrementAndGet());
        if (answer != null) {
          peer.write(answer.encode());
        }
      }
    } catch (IOException e) {
      return; // the gateway closed the connection
    }
  }

  private static A6Frame requestAnswer() {
    FlatBufferBuilder b = new FlatBufferBuilder();
    b.finish(io.github.api7.A6.HTTPReqCall.Resp.createResp(b, 1, (byte) 0, 0));
    return new A6Frame(A6Frame.HTTP_REQ_CALL, b.dataBuffer());
  }

  private static A6Frame error(int code) {
    FlatBufferBuilder b = new FlatBufferBuilder();
    b.finish(io.github.api7.A6.Err.Resp.createResp(b, code));
    return new A6Frame(A6Frame.ERROR, b.dataBuffer());
  }
}
