package io.llmtrace.plugin.gateway;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.api7.A6.ExtraInfo.Info;
import io.github.api7.A6.HTTPReqCall.Action;
import io.github.api7.A6.HTTPReqCall.Req;
import io.github.api7.A6.HTTPReqCall.Resp;
import io.github.api7.A6.HTTPReqCall.Rewrite;
import io.github.api7.A6.HTTPReqCall.Stop;
import io.github.api7.A6.Method;
import io.github.api7.A6.TextEntry;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** One connection as the gateway holds it: blocking, one call at a time, answers not matched. */
public final class RawGateway implements AutoCloseable {
  private final SocketChannel channel;

  /** The outcome of a call: {@code stop}, {@code rewrite}, {@code none} or {@code not_found}. */
  public record Reply(String kind, long id, int status, Map<String, String> headers, String body) {}

  @SuppressWarnings("ArrayRecordComponent")
  public record RawFrame(int type, byte[] payload) {}

  public RawGateway(Path socket) throws IOException {
    this.channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  public void send(int type, byte[] payload) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(4 + payload.length);
    out.put((byte) type).put((byte) (payload.length >>> 16)).put((byte) (payload.length >>> 8));
    out.put((byte) payload.length).put(payload).flip();
    raw(out);
  }

  public void raw(ByteBuffer out) throws IOException {
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  public RawFrame receive() throws IOException {
    ByteBuffer header = read(4);
    int type = header.get() & 0xFF;
    int length =
        ((header.get() & 0xFF) << 16) | ((header.get() & 0xFF) << 8) | (header.get() & 0xFF);
    return new RawFrame(type, read(length).array());
  }

  private ByteBuffer read(int n) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(n);
    while (in.hasRemaining()) {
      if (channel.read(in) < 0) {
        throw new EOFException("closed by the plugin");
      }
    }
    return in.flip();
  }

  public static byte[] prepareConf(String key, String value) {
    FlatBufferBuilder b = new FlatBufferBuilder();
    int entry = TextEntry.createTextEntry(b, b.createString("llmtrace"), b.createString(value));
    int conf = io.github.api7.A6.PrepareConf.Req.createConfVector(b, new int[] {entry});
    int keyAt = b.createString(key);
    b.finish(io.github.api7.A6.PrepareConf.Req.createReq(b, conf, keyAt));
    return b.sizedByteArray();
  }

  public int prepare(String key, String value) throws IOException {
    send(1, prepareConf(key, value));
    RawFrame frame = receive();
    if (frame.type() != 1) {
      throw new IOException("type " + frame.type());
    }
    return (int)
        io.github.api7.A6.PrepareConf.Resp.getRootAsResp(ByteBuffer.wrap(frame.payload()))
            .confToken();
  }

  public static byte[] requestCall(long id, int token, Map<String, String> headers) {
    FlatBufferBuilder b = new FlatBufferBuilder();
    int[] entries = new int[headers.size()];
    int i = 0;
    for (Map.Entry<String, String> e : headers.entrySet()) {
      entries[i++] =
          TextEntry.createTextEntry(b, b.createString(e.getKey()), b.createString(e.getValue()));
    }
    int vector = Req.createHeadersVector(b, entries);
    int path = b.createString("/v1/chat/completions");
    int ip = Req.createSrcIpVector(b, new byte[] {127, 0, 0, 1});
    b.finish(Req.createReq(b, id, ip, Method.POST, path, 0, vector, token));
    return b.sizedByteArray();
  }

  public Reply call(long id, int token, String body) throws IOException {
    return call(id, token, body.getBytes(StandardCharsets.UTF_8), Map.of());
  }

  public Reply call(long id, int token, byte[] body, Map<String, String> headers)
      throws IOException {
    send(2, requestCall(id, token, headers));
    while (true) {
      RawFrame frame = receive();
      switch (frame.type()) {
        case 0 -> {
          return new Reply("not_found", id, 0, Map.of(), "");
        }
        case 3 -> send(3, extraInfo(answerTo(frame.payload(), body)));
        case 2 -> {
          return reply(frame.payload());
        }
        default -> throw new IOException("type " + frame.type());
      }
    }
  }

  private static byte[] answerTo(byte[] question, byte[] body) {
    var req = io.github.api7.A6.ExtraInfo.Req.getRootAsReq(ByteBuffer.wrap(question));
    if (req.infoType() == Info.ReqBody) {
      return body;
    }
    var variable =
        (io.github.api7.A6.ExtraInfo.Var) req.info(new io.github.api7.A6.ExtraInfo.Var());
    return switch (variable.name()) {
      case "route_id" -> "chat".getBytes(StandardCharsets.UTF_8);
      case "consumer_name" -> "team_a".getBytes(StandardCharsets.UTF_8);
      default -> new byte[0];
    };
  }

  public static byte[] extraInfo(byte[] result) {
    FlatBufferBuilder b = new FlatBufferBuilder();
    int vector =
        result.length == 0 ? 0 : io.github.api7.A6.ExtraInfo.Resp.createResultVector(b, result);
    b.finish(io.github.api7.A6.ExtraInfo.Resp.createResp(b, vector));
    return b.sizedByteArray();
  }

  private static Reply reply(byte[] payload) {
    Resp resp = Resp.getRootAsResp(ByteBuffer.wrap(payload));
    Map<String, String> headers = new LinkedHashMap<>();
    if (resp.actionType() == Action.Stop) {
      Stop stop = (Stop) resp.action(new Stop());
      for (int i = 0; i < stop.headersLength(); i++) {
        headers.put(stop.headers(i).name(), stop.headers(i).value());
      }
      ByteBuffer body = stop.bodyAsByteBuffer();
      String text = body == null ? "" : StandardCharsets.UTF_8.decode(body).toString();
      return new Reply("stop", resp.id(), stop.status(), headers, text);
    }
    if (resp.actionType() == Action.Rewrite) {
      Rewrite rewrite = (Rewrite) resp.action(new Rewrite());
      for (int i = 0; i < rewrite.headersLength(); i++) {
        headers.put(rewrite.headers(i).name(), rewrite.headers(i).value());
      }
      return new Reply("rewrite", resp.id(), 0, headers, "");
    }
    return new Reply("none", resp.id(), 0, headers, "");
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
