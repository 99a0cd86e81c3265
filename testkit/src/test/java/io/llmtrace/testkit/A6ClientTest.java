package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.testkit.a6.A6Client;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.a6.Entry;
import io.llmtrace.testkit.a6.GatewayFrames;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The raw client, for tests that send a runner what no gateway would. */
@Timeout(60)
class A6ClientTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final A6Frame PREPARE =
      GatewayFrames.prepareConf("key", List.of(new Entry("llmtrace", "{}")));

  @TempDir Path folder;

  @Test
  void framesGoOutWholeOrInPiecesAndComeBackWhole() throws Exception {
    Path socket = folder.resolve("r.sock");
    try (ScriptedRunner runner =
            new ScriptedRunner(socket, (call, peer) -> peer.send(Answers.goOn()));
        A6Client client = A6Client.connect(socket)) {
      client.send(PREPARE, SOON);
      assertThat(GatewayFrames.token(client.receive(SOON).orElseThrow())).isEqualTo(1);
      ByteBuffer bytes = PREPARE.encode();
      client.sendRaw(bytes.slice(0, 5), SOON);
      assertThat(client.isIdle()).isTrue();
      client.sendRaw(bytes.slice(5, bytes.remaining() - 5), SOON);
      assertThat(GatewayFrames.token(client.receive(SOON).orElseThrow())).isEqualTo(2);
      assertThat(runner.confKeys).containsExactly("key", "key");
    }
  }

  @Test
  void aSilentRunnerIsATimeOutAndAClosedConnectionIsEmpty() throws Exception {
    Path socket = folder.resolve("r.sock");
    try (ScriptedRunner runner =
            new ScriptedRunner(
                socket,
                (call, peer) -> {
                  throw new IOException("closes the connection");
                });
        A6Client client = A6Client.connect(socket)) {
      assertThatThrownBy(() -> client.receive(Duration.ofMillis(100)))
          .isInstanceOf(SocketTimeoutException.class);
      client.send(GatewayFrames.responseCall(1, 200, List.of(), 1), SOON);
      assertThat(client.receive(SOON)).isEmpty();
      assertThat(runner.prepared).hasValue(0);
    }
  }
}
