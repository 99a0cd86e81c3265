package io.llmtrace.testkit.gateway;

import io.llmtrace.testkit.a6.A6Frame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One A6 connection. Bytes wait until somebody asks for a frame, as in the gateway's Lua: so the
 * first frame that comes is the answer to whatever was asked last.
 */
@SuppressWarnings("FutureReturnValueIgnored") // what fails closes the channel, and that is heard of
final class RunnerConnection extends PooledConnection {
  private static final int HEADER_BYTES = 4;

  private final Duration timeout;
  private ByteBuf unread = Unpooled.EMPTY_BUFFER;
  private @Nullable CompletableFuture<A6Frame> waiting;

  RunnerConnection(Duration timeout) {
    this.timeout = timeout;
  }

  /** Sends a frame and then receives one; fails with {@link RunnerFailure}. */
  CompletableFuture<A6Frame> ask(A6Frame frame) {
    CompletableFuture<A6Frame> answer = new CompletableFuture<>();
    waiting = answer;
    arm("does not read");
    context()
        .writeAndFlush(Unpooled.wrappedBuffer(frame.encode()))
        .addListener(
            written -> {
              if (!written.isSuccess()) {
                gone("cannot write: " + written.cause());
              } else if (waiting == answer) {
                arm("is silent");
                deliver();
              }
            });
    return answer;
  }

  /** Bytes that nobody asked for: such a connection is not kept. */
  boolean hasUnread() {
    return unread.isReadable();
  }

  @Override
  void received(Object message) {
    unread =
        ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(context().alloc(), unread, (ByteBuf) message);
    if (waiting != null) {
      arm("is silent");
      deliver();
    }
  }

  @Override
  void gone(String why) {
    unread.release();
    unread = Unpooled.EMPTY_BUFFER;
    fail(why);
  }

  private void deliver() {
    CompletableFuture<A6Frame> receiver = waiting;
    if (receiver == null || unread.readableBytes() < HEADER_BYTES) {
      return;
    }
    int length = unread.getUnsignedMedium(unread.readerIndex() + 1);
    if (unread.readableBytes() < HEADER_BYTES + length) {
      return;
    }
    int type = unread.readUnsignedByte();
    unread.skipBytes(HEADER_BYTES - 1);
    ByteBuffer payload = ByteBuffer.allocate(length);
    unread.readBytes(payload);
    if (!unread.isReadable()) {
      unread.release();
      unread = Unpooled.EMPTY_BUFFER;
    }
    disarm();
    waiting = null;
    receiver.complete(new A6Frame(type, payload.flip()));
  }

  private void fail(String why) {
    CompletableFuture<A6Frame> receiver = waiting;
    disarm();
    waiting = null;
    if (receiver != null) {
      receiver.completeExceptionally(new RunnerFailure(why));
    }
  }

  private void arm(String what) {
    arm(timeout, () -> fail("the runner " + what + " for " + timeout));
  }
}
