package io.llmtrace.controlplane.statistics;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Numbers of seven bits a byte, the lowest first; a byte below 128 is the last. Stateless. */
final class VarLong {
  private VarLong() {}

  static long read(ByteBuffer in) {
    byte first = in.get();
    if (first >= 0) {
      return first;
    }
    long value = first & 0x7f;
    for (int shift = 7; ; shift += 7) {
      byte next = in.get();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  /** Where numbers are written to. Not thread-safe. */
  static final class Out {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    void raw(int value) {
      out.write(value);
    }

    void raw(byte[] bytes) {
      out.writeBytes(bytes);
    }

    void number(long value) {
      long rest = value;
      while ((rest & ~0x7fL) != 0) {
        out.write((int) ((rest & 0x7f) | 0x80));
        rest >>>= 7;
      }
      out.write((int) rest);
    }

    void block(byte[] bytes) {
      number(bytes.length);
      raw(bytes);
    }

    void text(String text) {
      block(text.getBytes(StandardCharsets.UTF_8));
    }

    byte[] bytes() {
      return out.toByteArray();
    }
  }
}
