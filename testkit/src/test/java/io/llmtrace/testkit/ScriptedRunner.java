package io.llmtrace.testkit;

import com.google.flatbuffers.FlatBufferBuilder;
import io.llmtrace.testkit.a6.A6Frame;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A runner that does as a test says, well or badly. It prepares every conf with a new token. */
final class ScriptedRunner implements AutoCloseable {
  /** What to do with one call; the peer may ask back and answer, once, twice or never. */
  interface Script {
    void on(A6Frame call, Peer peer) throws IOException;
  }

  /** One connection of the gateway. */
  record Peer(SocketChannel channel, DataInputStream in) {
    A6Frame receive() throws IOException {
      int header = in.readInt();
      byte[] payload = in.readNBytes(header & A6Frame.MAX_PAYLOAD);
      return new A6Frame(header >>> 24, ByteBuffer.wrap(payload));
    }

    void send(A6Frame frame) throws IOException {
      ByteBuffer bytes = frame.encode();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  final AtomicInteger prepared = new AtomicInteger();
  final AtomicInteger connections = new AtomicInteger();
  final AtomicInteger open = new AtomicInteger();

  /** Whether PrepareConf is answered. */
  volatile boolean preparing = true;

  final Queue<String> confKeys = new ConcurrentLinkedQueue<>();
  private final ServerSocketChannel server;
  private final Script script;

  ScriptedRunner(Path socket, Script script) throws IOException {
    this.script = script;
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    new Thread(this::accept).start();
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        SocketChannel peer = server.accept();
        connections.incrementAndGet();
        open.incrementAndGet();
        new Thread(() -> serve(peer)).start();
      } catch (IOException e) {
        return; // the test closed the socket
      }
    }
  }

  private void serve(SocketChannel channel) {
    try (channel;
        DataInputStream in = new DataInputStream(Channels.newInputStream(channel))) {
      Peer peer = new Peer(channel, in);
      while (true) {
        A6Frame frame = peer.receive();
        if (frame.type() == A6Frame.PREPARE_CONF) {
          confKeys.add(io.github.api7.A6.PrepareConf.Req.getRootAsReq(frame.payload()).key());
          if (preparing) {
            FlatBufferBuilder b = new FlatBufferBuilder();
            b.finish(io.github.api7.A6.PrepareConf.Resp.createResp(b, prepared.incrementAndGet()));
            peer.send(new A6Frame(A6Frame.PREPARE_CONF, b.dataBuffer()));
          }
        } else {
          script.on(frame, peer);
        }
      }
    } catch (IOException e) {
      return; // the gateway closed the connection
    } finally {
      open.decrementAndGet();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
