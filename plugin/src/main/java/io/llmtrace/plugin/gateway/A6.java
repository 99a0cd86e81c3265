package io.llmtrace.plugin.gateway;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.api7.A6.Err.Code;
import io.github.api7.A6.ExtraInfo.Info;
import io.github.api7.A6.ExtraInfo.ReqBody;
import io.github.api7.A6.ExtraInfo.RespBody;
import io.github.api7.A6.ExtraInfo.Var;
import io.github.api7.A6.HTTPReqCall.Action;
import io.github.api7.A6.HTTPReqCall.Rewrite;
import io.github.api7.A6.HTTPReqCall.Stop;
import io.github.api7.A6.Method;
import io.github.api7.A6.PrepareConf.Req;
import io.github.api7.A6.PrepareConf.Resp;
import io.github.api7.A6.TextEntry;
import io.llmtrace.policies.exchange.BodyBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The messages of A6 (schema ext-plugin.fbs, package {@code io.github.api7:A6}), to and from bytes.
 * Everything is read at once and bounded, so that a damaged flatbuffer, whose offsets may point
 * anywhere, ends in a {@link BadFrameException} and never costs more than a few times its own size.
 */
final class A6 {
  /** More entries than any gateway passes on (APISIX stops at 100 by default). */
  private static final int MAX_ENTRIES = 1_000;

  /** Field id of the body in Rewrite: in the gateway's schema, not in the published Java class. */
  private static final int REWRITE_BODY_FIELD = 4;

  /** Longer ones are not copied to put their header before them. */
  private static final int LONG_FRAME = 4096;

  private A6() {}

  record PrepareConf(String key, List<Map.Entry<String, String>> conf) {}

  record RequestCall(
      long id,
      String remoteAddress,
      String method,
      String path,
      Map<String, String> headers,
      int token) {}

  record ResponseCall(long id, int status, List<Map.Entry<String, String>> headers, int token) {}

  static PrepareConf prepareConf(byte[] payload) throws BadFrameException {
    return guarded(
        payload,
        reading -> {
          Req req = Req.getRootAsReq(reading.buffer);
          return new PrepareConf(
              reading.text(req.keyAsByteBuffer()),
              reading.entries(req.confLength(), i -> req.conf(i)));
        });
  }

  static RequestCall requestCall(byte[] payload) throws BadFrameException {
    return guarded(
        payload,
        reading -> {
          io.github.api7.A6.HTTPReqCall.Req req =
              io.github.api7.A6.HTTPReqCall.Req.getRootAsReq(reading.buffer);
          Map<String, String> headers = new LinkedHashMap<>();
          reading
              .entries(req.headersLength(), i -> req.headers(i))
              .forEach(e -> headers.put(e.getKey().toLowerCase(Locale.ROOT), e.getValue()));
          int method = req.method();
          if (method < 0 || method >= Method.names.length) {
            throw new IllegalArgumentException("method " + method);
          }
          return new RequestCall(
              req.id(),
              address(reading.bytes(req.srcIpAsByteBuffer())),
              Method.name(method),
              reading.text(req.pathAsByteBuffer()),
              headers,
              (int) req.confToken());
        });
  }

  static ResponseCall responseCall(byte[] payload) throws BadFrameException {
    return guarded(
        payload,
        reading -> {
          io.github.api7.A6.HTTPRespCall.Req req =
              io.github.api7.A6.HTTPRespCall.Req.getRootAsReq(reading.buffer);
          return new ResponseCall(
              req.id(),
              req.status(),
              reading.entries(req.headersLength(), i -> req.headers(i)),
              (int) req.confToken());
        });
  }

  /**
   * The answer to a question: a part of the payload, none of it where the variable or the body is
   * empty or missing.
   */
  static BodyBytes extraInfo(byte[] payload) throws BadFrameException {
    return guarded(
        payload,
        reading -> {
          ByteBuffer result =
              io.github.api7.A6.ExtraInfo.Resp.getRootAsResp(reading.buffer).resultAsByteBuffer();
          // Where it lies: a body may be most of what memory is there for.
          return result == null
              ? BodyBytes.NONE
              : new BodyBytes(payload, result.position(), result.remaining());
        });
  }

  static ByteBuf token(int token) {
    FlatBufferBuilder b = new FlatBufferBuilder(32);
    b.finish(Resp.createResp(b, token));
    return frame(Frame.PREPARE_CONF, b);
  }

  static ByteBuf tokenNotFound() {
    FlatBufferBuilder b = new FlatBufferBuilder(32);
    b.finish(io.github.api7.A6.Err.Resp.createResp(b, Code.CONF_TOKEN_NOT_FOUND));
    return frame(Frame.ERROR, b);
  }

  /**
   * Questions for some variables and, if so, for the body, in one piece. Whoever sends them wraps
   * the bytes, and does not change them.
   */
  static byte[] questions(List<String> variables, Asking asking) {
    List<ByteBuf> frames = new ArrayList<>();
    variables.forEach(variable -> frames.add(askVariable(variable)));
    if (asking == Asking.BODY_TOO) {
      frames.add(askBody());
    }
    return ByteBufUtil.getBytes(Unpooled.wrappedBuffer(frames.toArray(ByteBuf[]::new)));
  }

  /** What is asked for. */
  enum Asking {
    VARIABLES,
    BODY_TOO
  }

  static ByteBuf askVariable(String name) {
    FlatBufferBuilder b = new FlatBufferBuilder(64);
    int info = Var.createVar(b, b.createString(name));
    b.finish(io.github.api7.A6.ExtraInfo.Req.createReq(b, Info.Var, info));
    return frame(Frame.EXTRA_INFO, b);
  }

  private static ByteBuf askBody() {
    FlatBufferBuilder b = new FlatBufferBuilder(64);
    ReqBody.startReqBody(b);
    int info = ReqBody.endReqBody(b);
    b.finish(io.github.api7.A6.ExtraInfo.Req.createReq(b, Info.ReqBody, info));
    return frame(Frame.EXTRA_INFO, b);
  }

  static ByteBuf askResponseBody() {
    FlatBufferBuilder b = new FlatBufferBuilder(64);
    RespBody.startRespBody(b);
    int info = RespBody.endRespBody(b);
    b.finish(io.github.api7.A6.ExtraInfo.Req.createReq(b, Info.RespBody, info));
    return frame(Frame.EXTRA_INFO, b);
  }

  static ByteBuf answer(long id, Answer answer) {
    FlatBufferBuilder b = new FlatBufferBuilder(512);
    byte type;
    int action;
    if (answer instanceof Answer.Rewrite rewrite) {
      type = Action.Rewrite;
      action = rewrite(b, rewrite);
    } else if (answer instanceof Answer.Stop stop) {
      type = Action.Stop;
      action = stop(b, stop);
    } else {
      throw new IllegalStateException("unknown answer " + answer);
    }
    b.finish(io.github.api7.A6.HTTPReqCall.Resp.createResp(b, id, type, action));
    return frame(Frame.HTTP_REQ_CALL, b);
  }

  /** What becomes of an upstream's answer; the gateway forgets its headers unless told them. */
  static ByteBuf answer(long id, HeldAnswer.Decision decision) {
    byte[] newBody = decision.body();
    FlatBufferBuilder b = new FlatBufferBuilder(512 + (newBody == null ? 0 : newBody.length));
    List<Map.Entry<String, String>> headers = decision.headers();
    int[] entries = new int[headers.size()];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = entry(b, headers.get(i).getKey(), headers.get(i).getValue());
    }
    int vector =
        entries.length == 0
            ? 0
            : io.github.api7.A6.HTTPRespCall.Resp.createHeadersVector(b, entries);
    int body =
        newBody == null ? 0 : io.github.api7.A6.HTTPRespCall.Resp.createBodyVector(b, newBody);
    // Status 0 leaves the upstream's; no body leaves the body.
    b.finish(
        io.github.api7.A6.HTTPRespCall.Resp.createResp(b, id, decision.status(), vector, body));
    return frame(Frame.HTTP_RESP_CALL, b);
  }

  private static int rewrite(FlatBufferBuilder b, Answer.Rewrite rewrite) {
    int headers = 0;
    if (!rewrite.headers().isEmpty() || !rewrite.removed().isEmpty()) {
      int[] set = entries(b, rewrite.headers());
      int[] all = Arrays.copyOf(set, set.length + rewrite.removed().size());
      int at = set.length;
      for (String name : rewrite.removed()) {
        // An entry without a value removes the header.
        all[at++] = TextEntry.createTextEntry(b, b.createString(name), 0);
      }
      headers = Rewrite.createHeadersVector(b, all);
    }
    int respHeaders = 0;
    if (!rewrite.responseHeaders().isEmpty()) {
      respHeaders = Rewrite.createRespHeadersVector(b, entries(b, rewrite.responseHeaders()));
    }
    ByteBuffer newBody = rewrite.body();
    int body = newBody == null ? 0 : b.createByteVector(newBody.duplicate());
    b.startTable(REWRITE_BODY_FIELD + 1);
    if (body != 0) {
      b.addOffset(REWRITE_BODY_FIELD, body, 0);
    }
    Rewrite.addRespHeaders(b, respHeaders);
    Rewrite.addHeaders(b, headers);
    return b.endTable();
  }

  private static int stop(FlatBufferBuilder b, Answer.Stop stop) {
    int headers = 0;
    if (!stop.headers().isEmpty()) {
      headers = Stop.createHeadersVector(b, entries(b, stop.headers()));
    }
    int body = stop.body().length == 0 ? 0 : Stop.createBodyVector(b, stop.body());
    return Stop.createStop(b, stop.status(), headers, body);
  }

  private static int[] entries(FlatBufferBuilder b, Map<String, String> map) {
    int[] offsets = new int[map.size()];
    int i = 0;
    for (Map.Entry<String, String> e : map.entrySet()) {
      offsets[i++] = entry(b, e.getKey(), e.getValue());
    }
    return offsets;
  }

  private static int entry(FlatBufferBuilder b, String name, String value) {
    return TextEntry.createTextEntry(b, b.createString(name), b.createString(value));
  }

  private static ByteBuf frame(int type, FlatBufferBuilder b) {
    ByteBuffer data = b.dataBuffer();
    int length = data.remaining();
    if (length > Frame.MAX_LENGTH) {
      throw new IllegalArgumentException("payload of " + length + " bytes");
    }
    if (length > LONG_FRAME) {
      byte[] header = {
        (byte) type, (byte) (length >>> 16), (byte) (length >>> 8), (byte) length,
      };
      return Unpooled.wrappedBuffer(ByteBuffer.wrap(header), data);
    }
    // In one piece: two that are only held together cost more than copying a few hundred bytes.
    byte[] frame = new byte[Frame.HEADER_BYTES + length];
    frame[0] = (byte) type;
    frame[1] = (byte) (length >>> 16);
    frame[2] = (byte) (length >>> 8);
    frame[3] = (byte) length;
    data.get(frame, Frame.HEADER_BYTES, length);
    return Unpooled.wrappedBuffer(frame);
  }

  private static String address(byte[] bytes) {
    if (bytes.length != 4 && bytes.length != 16) {
      return "";
    }
    try {
      return InetAddress.getByAddress(bytes).getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }

  private static <T> T guarded(byte[] payload, Decoder<T> decoder) throws BadFrameException {
    if (payload.length < 8) {
      throw new BadFrameException("payload of " + payload.length + " bytes");
    }
    try {
      return decoder.decode(new Reading(payload));
    } catch (IndexOutOfBoundsException | IllegalArgumentException | ArithmeticException e) {
      // What flatbuffers throws when an offset leads out of the buffer.
      throw new BadFrameException(e.toString(), e);
    }
  }

  @FunctionalInterface
  private interface Decoder<T> {
    T decode(Reading reading);
  }

  @FunctionalInterface
  private interface EntryAt {
    @Nullable TextEntry get(int index);
  }

  /** Reads a payload and counts what it hands out: shared offsets could multiply the input. */
  private static final class Reading {
    final ByteBuffer buffer;
    private final byte[] payload;
    private long allowance;

    Reading(byte[] payload) {
      this.buffer = ByteBuffer.wrap(payload);
      this.payload = payload;
      this.allowance = 2L * payload.length + 4096;
    }

    byte[] bytes(@Nullable ByteBuffer view) {
      if (view == null) {
        return new byte[0];
      }
      count(view);
      byte[] bytes = new byte[view.remaining()];
      view.get(bytes);
      return bytes;
    }

    // Lenient, unlike flatbuffers' own: a client may send a header in any encoding.
    String text(@Nullable ByteBuffer view) {
      if (view == null) {
        return "";
      }
      count(view);
      return new String(payload, view.position(), view.remaining(), StandardCharsets.UTF_8);
    }

    private void count(ByteBuffer view) {
      allowance -= view.remaining();
      if (allowance < 0) {
        throw new IllegalArgumentException("more content than bytes");
      }
    }

    List<Map.Entry<String, String>> entries(int count, EntryAt at) {
      if (count < 0 || count > MAX_ENTRIES) {
        throw new IllegalArgumentException(count + " entries");
      }
      List<Map.Entry<String, String>> entries = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        TextEntry entry = at.get(i);
        if (entry != null) {
          entries.add(Map.entry(text(entry.nameAsByteBuffer()), text(entry.valueAsByteBuffer())));
        }
      }
      return entries;
    }
  }
}
