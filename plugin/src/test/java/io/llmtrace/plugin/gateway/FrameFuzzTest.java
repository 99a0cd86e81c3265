package io.llmtrace.plugin.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Arrays;

/**
 * The gateway's socket on any bytes: a payload is a message or a bad frame, and a stream of bytes
 * is cut into the same frames however it is torn. Fuzzed with {@code .ci/fuzz}.
 */
class FrameFuzzTest {
  private static final long MEMORY = 1 << 20;

  /** The first byte of an input is the type of its frame. */
  @FuzzTest(maxDuration = "10m")
  void payloads(byte[] input) {
    if (input.length == 0) {
      return;
    }
    byte[] payload = Arrays.copyOfRange(input, 1, input.length);
    try {
      switch (Math.floorMod(input[0] - '0', 5)) {
        case Frame.PREPARE_CONF -> assertThat(A6.prepareConf(payload).conf()).doesNotContainNull();
        case Frame.HTTP_REQ_CALL -> assertThat(A6.requestCall(payload).method()).isNotNull();
        case Frame.HTTP_RESP_CALL ->
            assertThat(A6.responseCall(payload).headers()).doesNotContainNull();
        default -> assertThat(A6.extraInfo(payload).length()).isBetween(0, payload.length);
      }
    } catch (BadFrameException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  /** The first byte of an input is the size of the pieces in which the rest arrives. */
  @FuzzTest(maxDuration = "10m")
  void streams(byte[] input) {
    if (input.length == 0) {
      return;
    }
    byte[] stream = Arrays.copyOfRange(input, 1, input.length);
    assertThat(cut(stream, 1 + (input[0] & 0xFF))).isEqualTo(cut(stream, stream.length + 1));
  }

  private static String cut(byte[] stream, int piece) {
    MemoryBudget memory = new MemoryBudget(MEMORY);
    EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(memory));
    for (int at = 0; at < stream.length; at += piece) {
      int until = Math.min(stream.length, at + piece);
      channel.writeInbound(Unpooled.copiedBuffer(Arrays.copyOfRange(stream, at, until)));
    }
    StringBuilder frames = new StringBuilder();
    for (Object read = channel.readInbound(); read != null; read = channel.readInbound()) {
      Frame frame = (Frame) read;
      frames.append(frame.type()).append(' ').append(frame.length()).append(' ');
      frames.append(Arrays.hashCode(frame.payload())).append('\n');
      frame.lease().close();
    }
    // Whatever is half read when the gateway goes is given back.
    channel.finishAndReleaseAll();
    assertThat(memory.used()).isZero();
    return frames.toString();
  }
}
