package io.llmtrace.testkit.a6;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A raw A6 connection to a runner's Unix socket: whole frames, or any bytes at all for fuzz tests.
 * For one thread at a time. Answers are not matched to requests, as in the gateway.
 */
public final class A6Client implements AutoCloseable {
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;

  private A6Client(SocketChannel channel) throws IOException {
    this.channel = channel;
    channel.configureBlocking(false);
    selector = Selector.open();
    key = channel.register(selector, 0);
  }

  /**
   * Connects to a runner.
   *
   * @throws IOException when nobody listens there
   */
  public static A6Client connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    try {
      return new A6Client(channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Sends one frame.
   *
   * @throws SocketTimeoutException when the runner does not read for {@code timeout}
   */
  public void send(A6Frame frame, Duration timeout) throws IOException {
    sendRaw(frame.encode(), timeout);
  }

  /** Sends bytes as they are, frame or not. */
  public void sendRaw(ByteBuffer bytes, Duration timeout) throws IOException {
    while (bytes.hasRemaining()) {
      if (channel.write(bytes) == 0) {
        await(SelectionKey.OP_WRITE, timeout);
      }
    }
  }

  /**
   * The next frame; empty when the runner closed the connection.
   *
   * @throws SocketTimeoutException when no byte comes for {@code timeout}
   */
  public Optional<A6Frame> receive(Duration timeout) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(A6Frame.HEADER_BYTES);
    if (!fill(header, timeout)) {
      return Optional.empty();
    }
    int head = header.flip().getInt();
    ByteBuffer payload = ByteBuffer.allocate(head & A6Frame.MAX_PAYLOAD);
    if (!fill(payload, timeout)) {
      return Optional.empty();
    }
    return Optional.of(new A6Frame(head >>> 24, payload.flip()));
  }

  /** False when the runner closed the connection or sent something nobody asked for. */
  public boolean isIdle() {
    try {
      return channel.read(ByteBuffer.allocate(1)) == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private boolean fill(ByteBuffer into, Duration timeout) throws IOException {
    while (into.hasRemaining()) {
      int read = channel.read(into);
      if (read < 0) {
        return false;
      }
      if (read == 0) {
        await(SelectionKey.OP_READ, timeout);
      }
    }
    return true;
  }

  private void await(int interest, Duration timeout) throws IOException {
    key.interestOps(interest);
    selector.selectedKeys().clear();
    if (selector.select(timeout.toMillis()) == 0) {
      throw new SocketTimeoutException("runner silent for " + timeout);
    }
  }

  @Override
  public void close() throws IOException {
    selector.close();
    channel.close();
  }
}
