package io.llmtrace.policies.exchange;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * A body, or a part of some bytes that is one: bodies are megabytes at times, and what brought them
 * holds them already. Immutable as long as nobody writes to the array.
 *
 * @param array holds the body; not copied, not to be changed
 * @param from its first byte
 * @param length how many bytes it has
 */
@SuppressWarnings("ArrayRecordComponent")
public record BodyBytes(byte[] array, int from, int length) {
  /** A body without a byte. */
  public static final BodyBytes NONE = of(new byte[0]);

  /**
   * Checks the bounds.
   *
   * @throws IndexOutOfBoundsException if the array is shorter
   */
  public BodyBytes {
    Objects.checkFromIndexSize(from, length, array.length);
  }

  /** A body that is all of an array. */
  public static BodyBytes of(byte[] all) {
    return new BodyBytes(all, 0, all.length);
  }

  public boolean isEmpty() {
    return length == 0;
  }

  /** An array of these bytes alone; a copy only where there are others beside them. */
  public byte[] alone() {
    return length == array.length ? array : Arrays.copyOfRange(array, from, from + length);
  }

  /** The bytes as a stream. */
  InputStream open() {
    return new ByteArrayInputStream(array, from, length);
  }

  /** UTF-8 with each invalid sequence as U+FFFD: a broken byte must not hide the text around it. */
  public String utf8() {
    return new String(array, from, length, StandardCharsets.UTF_8);
  }
}
