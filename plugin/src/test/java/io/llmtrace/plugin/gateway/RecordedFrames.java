package io.llmtrace.plugin.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.flatbuffers.Table;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.testkit.a6.A6Frame;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** The frames that were recorded between a real gateway and its runner; they lie in testkit. */
final class RecordedFrames {
  /** Vtable offset of {@code conf_token}, field id 6 of a request call. */
  private static final int REQUEST_TOKEN = 4 + 2 * 6;

  private static final int RESPONSE_TOKEN = 4 + 2 * 3;

  private RecordedFrames() {}

  /** One frame: where it is, on which connection it went, and which way. */
  record Recorded(String file, int connection, boolean fromGateway, A6Frame frame) {}

  /** Names of the scenarios, in one order. */
  static List<String> scenarios() throws IOException {
    return names().stream().map(name -> name.substring(0, name.indexOf('/'))).distinct().toList();
  }

  /** Files of all frames, each with its scenario before it. */
  static List<String> names() throws IOException {
    return new String(bytes("frames.txt"), StandardCharsets.UTF_8).lines().toList();
  }

  /** The frames of a scenario, in the order they went. */
  static List<Recorded> of(String scenario) throws IOException {
    JsonNode index = WireJson.mapper().readTree(bytes(scenario + "/index.json"));
    List<Recorded> frames = new ArrayList<>();
    for (JsonNode entry : index.path("frames")) {
      String file = entry.path("file").asText();
      frames.add(
          new Recorded(
              scenario + "/" + file,
              entry.path("conn").asInt(),
              entry.path("dir").asText().equals("g2r"),
              frame(scenario + "/" + file)));
    }
    return frames;
  }

  static A6Frame frame(String name) throws IOException {
    return A6Frame.decode(ByteBuffer.wrap(bytes(name)));
  }

  /** A file; the frames of 1 MiB are packed. */
  static byte[] bytes(String name) throws IOException {
    try (InputStream plain = open(name);
        InputStream packed = plain == null ? open(name + ".gz") : null) {
      if (plain != null) {
        return plain.readAllBytes();
      }
      if (packed == null) {
        throw new IOException("no recorded frame " + name);
      }
      return new GZIPInputStream(packed).readAllBytes();
    }
  }

  private static InputStream open(String name) {
    return RecordedFrames.class.getResourceAsStream("/a6-frames/" + name);
  }

  /** The same request call with another conf token, as a gateway sends it to a new runner. */
  static A6Frame withToken(A6Frame call, int token) {
    ByteBuffer copy = ByteBuffer.allocate(call.payload().remaining());
    copy.put(call.payload()).flip();
    copy.order(ByteOrder.LITTLE_ENDIAN);
    int field = call.type() == A6Frame.HTTP_RESP_CALL ? RESPONSE_TOKEN : REQUEST_TOKEN;
    copy.putInt(new TokenField(copy).position(field), token);
    return new A6Frame(call.type(), copy);
  }

  /** Finds the field's place, which the generated class keeps to itself. */
  private static final class TokenField extends Table {
    TokenField(ByteBuffer buffer) {
      __reset(buffer.getInt(buffer.position()) + buffer.position(), buffer);
    }

    int position(int field) {
      return bb_pos + __offset(field);
    }
  }
}
