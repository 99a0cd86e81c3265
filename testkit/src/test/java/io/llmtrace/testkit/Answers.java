package io.llmtrace.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.api7.A6.Err.Code;
import io.github.api7.A6.ExtraInfo.Info;
import io.github.api7.A6.HTTPReqCall.Action;
import io.github.api7.A6.HTTPReqCall.Stop;
import io.github.api7.A6.TextEntry;
import io.llmtrace.testkit.a6.A6Frame;
import java.io.IOException;
import java.util.Map;

/** Frames that a runner sends. */
final class Answers {
  private Answers() {}

  static A6Frame goOn() {
    return goOn(1);
  }

  static A6Frame goOn(long id) {
    FlatBufferBuilder b = new FlatBufferBuilder();
    b.finish(io.github.api7.A6.HTTPReqCall.Resp.createResp(b, id, Action.NONE, 0));
    return new A6Frame(A6Frame.HTTP_REQ_CALL, b.dataBuffer());
  }

  static A6Frame stop(long id, int status, String body) {
    FlatBufferBuilder b = new FlatBufferBuilder();
    int text = body.isEmpty() ? 0 : b.createByteVector(body.getBytes(UTF_8));
    b.finish(
        io.github.api7.A6.HTTPReqCall.Resp.createResp(
            b, id, Action.Stop, Stop.createStop(b, status, 0, text)));
    return new A6Frame(A6Frame.HTTP_REQ_CALL, b.dataBuffer());
  }

  /** A response-side answer; status 0, no headers and an empty body change nothing. */
  static A6Frame response(int status, Map<String, String> headers, String body) {
    FlatBufferBuilder b = new FlatBufferBuilder();
    int[] entries =
        headers.entrySet().stream()
            .mapToInt(
                h ->
                    TextEntry.createTextEntry(
                        b, b.createString(h.getKey()), b.createString(h.getValue())))
            .toArray();
    int vector =
        entries.length == 0
            ? 0
            : io.github.api7.A6.HTTPRespCall.Resp.createHeadersVector(b, entries);
    int text = body.isEmpty() ? 0 : b.createByteVector(body.getBytes(UTF_8));
    b.finish(io.github.api7.A6.HTTPRespCall.Resp.createResp(b, 1, status, vector, text));
    return new A6Frame(A6Frame.HTTP_RESP_CALL, b.dataBuffer());
  }

  static A6Frame unavailable() {
    return error(Code.SERVICE_UNAVAILABLE);
  }

  static A6Frame error(int code) {
    FlatBufferBuilder b = new FlatBufferBuilder();
    b.finish(io.github.api7.A6.Err.Resp.createResp(b, code));
    return new A6Frame(A6Frame.ERROR, b.dataBuffer());
  }

  /** Asks for the request's body; the bytes given. */
  static byte[] askRequestBody(ScriptedRunner.Peer peer) throws IOException {
    peer.send(requestBodyQuestion());
    return given(peer.receive());
  }

  static A6Frame requestBodyQuestion() {
    FlatBufferBuilder b = new FlatBufferBuilder();
    io.github.api7.A6.ExtraInfo.ReqBody.startReqBody(b);
    return question(b, Info.ReqBody, io.github.api7.A6.ExtraInfo.ReqBody.endReqBody(b));
  }

  /** Asks for the response's body; the bytes given. */
  static byte[] askResponseBody(ScriptedRunner.Peer peer) throws IOException {
    FlatBufferBuilder b = new FlatBufferBuilder();
    io.github.api7.A6.ExtraInfo.RespBody.startRespBody(b);
    peer.send(question(b, Info.RespBody, io.github.api7.A6.ExtraInfo.RespBody.endRespBody(b)));
    return given(peer.receive());
  }

  private static A6Frame question(FlatBufferBuilder b, byte kind, int info) {
    b.finish(io.github.api7.A6.ExtraInfo.Req.createReq(b, kind, info));
    return new A6Frame(A6Frame.EXTRA_INFO, b.dataBuffer());
  }

  /** What the gateway gave; nothing where it gave no vector. */
  static byte[] given(A6Frame extraInfo) {
    var result =
        io.github.api7.A6.ExtraInfo.Resp.getRootAsResp(extraInfo.payload()).resultAsByteBuffer();
    byte[] bytes = new byte[result == null ? 0 : result.remaining()];
    if (result != null) {
      result.get(bytes);
    }
    return bytes;
  }
}
