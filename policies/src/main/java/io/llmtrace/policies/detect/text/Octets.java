package io.llmtrace.policies.detect.text;

import java.util.Arrays;

/**
 * Bytes that a decoder reads, each with its source, and the text they are: UTF-8, or UTF-16LE that
 * holds ASCII (what PowerShell takes in base64). Says at the first byte that cannot be text that
 * there is none, so that trying costs little; that byte is not kept. Not thread-safe.
 */
final class Octets {
  private static final int STEPS = 1024;

  private final Work work;
  private byte[] bytes = new byte[64];
  private int[] from = new int[64];
  private int[] to = new int[64];
  private int size;
  private int pending;
  private boolean wide;

  Octets(Work work) {
    this.work = work;
  }

  void clear() {
    size = 0;
    pending = 0;
    wide = false;
  }

  int size() {
    return size;
  }

  /** Forgets all but the first {@code count} bytes. */
  void cutTo(int count) {
    size = count;
    pending = 0;
  }

  /** Adds a byte; false if it can be no text after those before it. */
  boolean put(int value, int sourceFrom, int sourceTo) {
    if (!fits(value)) {
      return false;
    }
    if (size == bytes.length) {
      bytes = Arrays.copyOf(bytes, size * 2);
      from = Arrays.copyOf(from, size * 2);
      to = Arrays.copyOf(to, size * 2);
    }
    bytes[size] = (byte) value;
    from[size] = sourceFrom;
    to[size++] = sourceTo;
    return true;
  }

  private boolean fits(int value) {
    if (wide || (value == 0 && size == 1 && pending == 0)) {
      wide = true;
      return size % 2 == 1 ? value == 0 : value < 0x80 && isText(value);
    }
    if (pending > 0) {
      pending--;
      return (value & 0xC0) == 0x80;
    }
    if (value < 0x80) {
      return isText(value);
    }
    if (value < 0xC2 || value > 0xF4) {
      return false;
    }
    pending = value < 0xE0 ? 1 : value < 0xF0 ? 2 : 3;
    return true;
  }

  private static boolean isText(int value) {
    return (value >= 0x20 && value != 0x7F) || value == '\n' || value == '\r' || value == '\t';
  }

  /**
   * Writes the text; a character cut off at the end is left out.
   *
   * @return whether the bytes are text, and there was the time to say so
   */
  boolean writeTo(Edits edits) {
    if (wide) {
      for (int i = 0; i + 1 < size; i += 2) {
        if (i % STEPS == STEPS - 2 && work.spent(STEPS / 2)) {
          return false;
        }
        edits.put((char) bytes[i], from[i], to[i + 1]);
      }
      return true;
    }
    int steps = 0;
    for (int i = 0; i < size; ) {
      if (++steps % STEPS == 0 && work.spent(STEPS)) {
        return false;
      }
      int lead = bytes[i] & 0xFF;
      int length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      if (i + length > size) {
        return i > 0;
      }
      int codePoint = length == 1 ? lead : lead & (0xFF >> (length + 1));
      for (int k = 1; k < length; k++) {
        codePoint = codePoint << 6 | (bytes[i + k] & 0x3F);
      }
      if (!isCharacter(codePoint, length)) {
        return false;
      }
      edits.putCodePoint(codePoint, from[i], to[i + length - 1]);
      i += length;
    }
    return size > 0;
  }

  /** Refuses overlong forms, surrogates, controls of ISO 8859 and what is not assigned. */
  private static boolean isCharacter(int codePoint, int length) {
    int least = length == 1 ? 0 : length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    return codePoint >= least
        && (codePoint < 0x80 || codePoint > 0x9F)
        && codePoint <= Character.MAX_CODE_POINT
        && (codePoint < 0xD800 || codePoint > 0xDFFF)
        && Character.isDefined(codePoint);
  }
}
