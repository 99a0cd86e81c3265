package io.llmtrace.policies.exchange;

import io.llmtrace.policies.json.BodyMemory;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * Undoes a body's content encoding, within bounds: what a gateway passes on may be a gzip bomb.
 * Stateless.
 */
public final class BodyText {
  /** The longest body that A6 can carry is just under 16 MiB; more text than that is not read. */
  static final int MOST_BYTES = 16 << 20;

  private static final int FIRST_BYTES = 16 << 10;

  private BodyText() {}

  /**
   * A body without its content encoding, whatever memory that takes.
   *
   * @param headers by lower-case name
   * @throws UnreadableBodyException if the encoding is not known, or the body is damaged or unpacks
   *     to more than 16 MiB
   */
  public static BodyBytes decode(Map<String, String> headers, BodyBytes body)
      throws UnreadableBodyException {
    return decode(headers, body, BodyMemory.UNCOUNTED);
  }

  /**
   * A body without its content encoding.
   *
   * @param headers by lower-case name
   * @param memory of which is taken what a packed body unpacks to
   * @throws UnreadableBodyException if the encoding is not known, or the body is damaged or unpacks
   *     to more than 16 MiB or than there is memory for
   */
  public static BodyBytes decode(Map<String, String> headers, BodyBytes body, BodyMemory memory)
      throws UnreadableBodyException {
    String encoding =
        headers.getOrDefault("content-encoding", "identity").trim().toLowerCase(Locale.ROOT);
    return switch (encoding) {
      case "", "identity" -> body;
      case "gzip", "x-gzip" -> gunzip(body, memory);
      default ->
          throw new UnreadableBodyException(
              "unparsable", "content-encoding '" + encoding + "' is none of gzip, identity");
    };
  }

  private static BodyBytes gunzip(BodyBytes body, BodyMemory memory)
      throws UnreadableBodyException {
    try (InputStream in = new GZIPInputStream(body.open())) {
      byte[] text = new byte[taken(memory, FIRST_BYTES)];
      int length = 0;
      for (int count = read(in, text, length); count > 0; count = read(in, text, length)) {
        length += count;
        if (length > MOST_BYTES) {
          throw new UnreadableBodyException(
              "too_large", "gzip body unpacks to more than " + MOST_BYTES + " bytes");
        }
        if (length == text.length) {
          // One more than may be read, so that what is longer shows.
          int larger = Math.min(MOST_BYTES + 1, 4 * length);
          text = Arrays.copyOf(text, taken(memory, larger));
          memory.giveBack(length);
        }
      }
      return new BodyBytes(text, 0, length);
    } catch (IOException e) {
      throw new UnreadableBodyException("unparsable", "gzip body is damaged: " + e.getMessage());
    }
  }

  private static int read(InputStream in, byte[] text, int from) throws IOException {
    return in.readNBytes(text, from, text.length - from);
  }

  private static int taken(BodyMemory memory, int bytes) throws UnreadableBodyException {
    if (!memory.grow(bytes)) {
      throw new UnreadableBodyException(
          "memory", "there is no memory for what the gzip body unpacks to");
    }
    return bytes;
  }
}
