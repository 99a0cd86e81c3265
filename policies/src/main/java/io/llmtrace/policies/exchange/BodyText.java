package io.llmtrace.policies.exchange;

import java.io.IOException;
import java.io.InputStream;
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

  private BodyText() {}

  /**
   * A body without its content encoding.
   *
   * @param headers by lower-case name
   * @throws UnreadableBodyException if the encoding is not known, or the body is damaged or unpacks
   *     to more than 16 MiB
   */
  public static BodyBytes decode(Map<String, String> headers, BodyBytes body)
      throws UnreadableBodyException {
    String encoding =
        headers.getOrDefault("content-encoding", "identity").trim().toLowerCase(Locale.ROOT);
    return switch (encoding) {
      case "", "identity" -> body;
      case "gzip", "x-gzip" -> gunzip(body);
      default ->
          throw new UnreadableBodyException(
              "unparsable", "content-encoding '" + encoding + "' is none of gzip, identity");
    };
  }

  private static BodyBytes gunzip(BodyBytes body) throws UnreadableBodyException {
    try (InputStream in = new GZIPInputStream(body.open())) {
      byte[] text = in.readNBytes(MOST_BYTES + 1);
      if (text.length > MOST_BYTES) {
        throw new UnreadableBodyException(
            "too_large", "gzip body unpacks to more than " + MOST_BYTES + " bytes");
      }
      return BodyBytes.of(text);
    } catch (IOException e) {
      throw new UnreadableBodyException("unparsable", "gzip body is damaged: " + e.getMessage());
    }
  }
}
