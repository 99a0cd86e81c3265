package io.llmtrace.controlplane.alerts.channels;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.IntFunction;
import java.util.regex.Pattern;

/**
 * Text from data, made fit for a message: valid Unicode without control characters, and no longer
 * than what a service takes. Lengths are in UTF-16 units, which are never fewer than the characters
 * that services count.
 */
final class Texts {
  private static final String CUT = "…";
  private static final Pattern PLAIN_ID = Pattern.compile("[A-Za-z0-9_-]{1,100}");

  private Texts() {}

  /** Several lines. */
  static String block(String text, int max) {
    return bounded(clean(text).strip(), max, Character::toString);
  }

  /** One line. */
  static String line(String text, int max) {
    return bounded(oneLine(text), max, Character::toString);
  }

  private static String oneLine(String text) {
    return clean(text).replace('\n', ' ').strip().replaceAll(" {2,}", " ");
  }

  /**
   * The text with each character escaped, cut so that the escaped form is within {@code max}; no
   * escape and no surrogate pair is cut in two.
   *
   * @param max at least 1
   */
  static String bounded(String text, int max, IntFunction<String> escape) {
    StringBuilder out = new StringBuilder(Math.min(text.length(), max) + 8);
    int roomForCut = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      String piece = escape.apply(c);
      if (out.length() + piece.length() > max) {
        out.setLength(roomForCut);
        return out.append(CUT).toString();
      }
      out.append(piece);
      if (out.length() <= max - CUT.length()) {
        roomForCut = out.length();
      }
      i += Character.charCount(c);
    }
    return out.toString();
  }

  /**
   * Valid Unicode with {@code \n} as the only control character. What reverses the direction of
   * text is left out: it lets a text look like another one.
   */
  static String clean(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      if (c == '\r') {
        if (next >= text.length() || text.charAt(next) != '\n') {
          out.append('\n');
        }
      } else if (c == 0x85 || c == 0x2028 || c == 0x2029) {
        out.append('\n');
      } else if (c != '\n' && Character.isISOControl(c)) {
        out.append(' ');
      } else if (Character.getType(c) == Character.SURROGATE || (c & 0xFFFE) == 0xFFFE) {
        out.append('\uFFFD');
      } else if (!turnsDirection(c)) {
        out.appendCodePoint(c);
      }
      i = next;
    }
    return out.toString();
  }

  private static boolean turnsDirection(int c) {
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  }

  /**
   * An id that every service takes as a key and every header as a value: the id itself where it is
   * plain, else its digest, so that different ids stay different.
   */
  static String id(String id) {
    return PLAIN_ID.matcher(id).matches() ? id : sha256(id);
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(clean(text).getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** {@code &}, {@code <} and {@code >}, as Slack asks for, and quotes, for HTML. */
  static String html(int c) {
    return switch (c) {
      case '&' -> "&amp;";
      case '<' -> "&lt;";
      case '>' -> "&gt;";
      case '"' -> "&quot;";
      case '\'' -> "&#39;";
      default -> Character.toString(c);
    };
  }
}
