package io.llmtrace.testkit.a6;

import com.google.flatbuffers.FlatBufferBuilder;
import com.google.flatbuffers.Table;
import io.github.api7.A6.Err.Code;
import io.github.api7.A6.ExtraInfo.Info;
import io.github.api7.A6.ExtraInfo.Var;
import io.github.api7.A6.HTTPReqCall.Action;
import io.github.api7.A6.HTTPReqCall.Rewrite;
import io.github.api7.A6.HTTPReqCall.Stop;
import io.github.api7.A6.Method;
import io.github.api7.A6.TextEntry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Builds the frames that the gateway sends and reads those that a runner answers. Stateless. */
public final class GatewayFrames {
  /** Vtable offset of {@code Rewrite.body}: field id 4, which the published Java class lacks. */
  private static final int REWRITE_BODY = 4 + 2 * 4;

  private GatewayFrames() {}

  public static A6Frame prepareConf(String key, List<Entry> conf) {
    FlatBufferBuilder b = new FlatBufferBuilder(256);
    int vector = io.github.api7.A6.PrepareConf.Req.createConfVector(b, entries(b, conf));
    int name = b.createString(key);
    b.finish(io.github.api7.A6.PrepareConf.Req.createReq(b, vector, name));
    return frame(A6Frame.PREPARE_CONF, b);
  }

  /**
   * A request call.
   *
   * @param sourceIp 4 or 16 address bytes
   */
  public static A6Frame requestCall(
      long id,
      byte[] sourceIp,
      String method,
      String path,
      List<Entry> args,
      List<Entry> headers,
      long token) {
    FlatBufferBuilder b = new FlatBufferBuilder(1024);
    int ip = io.github.api7.A6.HTTPReqCall.Req.createSrcIpVector(b, sourceIp);
    int pathOffset = b.createString(path);
    int argsVector =
        args.isEmpty()
            ? 0
            : io.github.api7.A6.HTTPReqCall.Req.createArgsVector(b, entries(b, args));
    int headerVector =
        io.github.api7.A6.HTTPReqCall.Req.createHeadersVector(b, entries(b, headers));
    io.github.api7.A6.HTTPReqCall.Req.startReq(b);
    io.github.api7.A6.HTTPReqCall.Req.addId(b, id);
    io.github.api7.A6.HTTPReqCall.Req.addConfToken(b, token);
    io.github.api7.A6.HTTPReqCall.Req.addSrcIp(b, ip);
    io.github.api7.A6.HTTPReqCall.Req.addPath(b, pathOffset);
    if (argsVector != 0) {
      io.github.api7.A6.HTTPReqCall.Req.addArgs(b, argsVector);
    }
    io.github.api7.A6.HTTPReqCall.Req.addHeaders(b, headerVector);
    io.github.api7.A6.HTTPReqCall.Req.addMethod(
        b, Math.max(0, Arrays.asList(Method.names).indexOf(method)));
    b.finish(io.github.api7.A6.HTTPReqCall.Req.endReq(b));
    return frame(A6Frame.HTTP_REQ_CALL, b);
  }

  public static A6Frame responseCall(long id, int status, List<Entry> headers, long token) {
    FlatBufferBuilder b = new FlatBufferBuilder(1024);
    int vector = io.github.api7.A6.HTTPRespCall.Req.createHeadersVector(b, entries(b, headers));
    b.finish(io.github.api7.A6.HTTPRespCall.Req.createReq(b, id, status, vector, token));
    return frame(A6Frame.HTTP_RESP_CALL, b);
  }

  /** A missing variable or an empty body is answered without a result vector. */
  public static A6Frame extraInfo(byte @Nullable [] result) {
    FlatBufferBuilder b = new FlatBufferBuilder(64);
    int vector = result == null || result.length == 0 ? 0 : b.createByteVector(result);
    io.github.api7.A6.ExtraInfo.Resp.startResp(b);
    if (vector != 0) {
      io.github.api7.A6.ExtraInfo.Resp.addResult(b, vector);
    }
    b.finish(io.github.api7.A6.ExtraInfo.Resp.endResp(b));
    return frame(A6Frame.EXTRA_INFO, b);
  }

  public static long token(A6Frame frame) {
    return io.github.api7.A6.PrepareConf.Resp.getRootAsResp(frame.payload()).confToken();
  }

  public static boolean isTokenNotFound(A6Frame error) {
    return io.github.api7.A6.Err.Resp.getRootAsResp(error.payload()).code()
        == Code.CONF_TOKEN_NOT_FOUND;
  }

  /**
   * What the runner asks.
   *
   * @throws IllegalArgumentException for a kind of question that A6 does not have
   */
  public static ExtraQuestion question(A6Frame frame) {
    var req = io.github.api7.A6.ExtraInfo.Req.getRootAsReq(frame.payload());
    return switch (req.infoType()) {
      case Info.Var -> {
        Var variable = new Var();
        req.info(variable);
        yield new ExtraQuestion.Variable(variable.name());
      }
      case Info.ReqBody -> new ExtraQuestion.RequestBody();
      case Info.RespBody -> new ExtraQuestion.ResponseBody();
      default -> throw new IllegalArgumentException("extra info of kind " + req.infoType());
    };
  }

  public static RunnerAnswer requestAnswer(A6Frame frame) {
    var resp = io.github.api7.A6.HTTPReqCall.Resp.getRootAsResp(frame.payload());
    return switch (resp.actionType()) {
      case Action.Stop -> {
        Stop stop = new Stop();
        resp.action(stop);
        ByteBuffer body = stop.bodyAsByteBuffer();
        yield new RunnerAnswer.Stop(
            stop.status() == 0 ? 200 : stop.status(),
            list(stop.headersLength(), stop::headers),
            body == null ? ByteBuffer.allocate(0) : body.slice());
      }
      case Action.Rewrite -> {
        Rewrite rewrite = new Rewrite();
        resp.action(rewrite);
        RewriteBody body = new RewriteBody();
        resp.action(body);
        yield new RunnerAnswer.Rewrite(
            rewrite.path(),
            list(rewrite.headersLength(), rewrite::headers),
            list(rewrite.argsLength(), rewrite::args),
            list(rewrite.respHeadersLength(), rewrite::respHeaders),
            body.read());
      }
      default -> new RunnerAnswer.Continue();
    };
  }

  public static RunnerAnswer.Response responseAnswer(A6Frame frame) {
    var resp = io.github.api7.A6.HTTPRespCall.Resp.getRootAsResp(frame.payload());
    ByteBuffer body = resp.bodyAsByteBuffer();
    return new RunnerAnswer.Response(
        resp.status(),
        list(resp.headersLength(), resp::headers),
        body == null ? null : body.slice());
  }

  private static int[] entries(FlatBufferBuilder b, List<Entry> entries) {
    int[] offsets = new int[entries.size()];
    for (int i = 0; i < offsets.length; i++) {
      Entry entry = entries.get(i);
      int name = b.createString(entry.name());
      String value = entry.value();
      int valueOffset = value == null ? 0 : b.createString(value);
      TextEntry.startTextEntry(b);
      if (value != null) {
        TextEntry.addValue(b, valueOffset);
      }
      TextEntry.addName(b, name);
      offsets[i] = TextEntry.endTextEntry(b);
    }
    return offsets;
  }

  static List<Entry> list(int length, IntFunction<TextEntry> at) {
    List<Entry> out = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      TextEntry entry = at.apply(i);
      out.add(new Entry(entry.name(), entry.value()));
    }
    return out;
  }

  private static A6Frame frame(int type, FlatBufferBuilder b) {
    return new A6Frame(type, b.dataBuffer());
  }

  /** A view on the rewrite table that reads the field which the generated class lacks. */
  private static final class RewriteBody extends Table {
    @Nullable ByteBuffer read() {
      int offset = __offset(REWRITE_BODY);
      if (offset == 0) {
        return null;
      }
      return bb.duplicate().slice(__vector(offset), __vector_len(offset));
    }
  }
}
