package io.llmtrace.plugin.tap;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/** Amazon's event-stream frames, and JSON as lua-cjson writes it: raw bytes from 0x80 on. */
final class Frames {
  private Frames() {}

  static byte[] stream(String... typesAndPayloads) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < typesAndPayloads.length; i += 2) {
      out.writeBytes(frame(typesAndPayloads[i], typesAndPayloads[i + 1]));
    }
    return out.toByteArray();
  }

  private static byte[] frame(String type, String payload) {
    ByteArrayOutputStream headers = new ByteArrayOutputStream();
    header(headers, ":event-type", type);
    header(headers, ":content-type", "application/json");
    header(headers, ":message-type", "event");
    byte[] body = payload.getBytes(UTF_8);
    byte[] frame = new byte[12 + headers.size() + body.length + 4];
    ByteBuffer out = ByteBuffer.wrap(frame);
    out.putInt(frame.length).putInt(headers.size()).putInt(crc(frame, 8));
    out.put(headers.toByteArray()).put(body).putInt(crc(frame, frame.length - 4));
    return frame;
  }

  private static void header(ByteArrayOutputStream out, String name, String value) {
    out.write(name.length());
    out.writeBytes(name.getBytes(UTF_8));
    out.write(7);
    out.write(0);
    out.write(value.length());
    out.writeBytes(value.getBytes(UTF_8));
  }

  private static int crc(byte[] bytes, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  /** A JSON document with the string {@code mark} in it replaced by these bytes. */
  static byte[] logged(String json, String mark, byte[] body) {
    StringBuilder text = new StringBuilder();
    for (char c : new String(body, ISO_8859_1).toCharArray()) {
      if (c == '"' || c == '\\' || c == '/') {
        text.append('\\').append(c);
      } else if (c < ' ' || c == 0x7F) {
        text.append(String.format("\\u%04x", (int) c));
      } else {
        text.append(c);
      }
    }
    return new String(json.getBytes(UTF_8), ISO_8859_1).replace(mark, text).getBytes(ISO_8859_1);
  }
}
