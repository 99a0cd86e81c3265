package io.llmtrace.policies.detect.text;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;

/**
 * Finds text that is written in base64, hex or percent-encoding inside other text. Bounded: at most
 * {@link #MOST_PIECES} pieces of a text, of at most {@link #LONGEST} characters each.
 */
final class EncodedText {
  static final int MOST_PIECES = 32;
  static final int LONGEST = 64 * 1024;

  private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/_-]{24,}={0,2}");
  private static final Pattern HEX = Pattern.compile("(?:[0-9a-fA-F]{2}[ :]?){16,}");
  private static final Pattern PERCENT =
      Pattern.compile("(?:[A-Za-z0-9._~+-]*%[0-9a-fA-F]{2}){4,}\\S*");

  private EncodedText() {}

  /**
   * A decoded piece.
   *
   * @param encoding what was undone, for example {@code base64}
   * @param start first character of the encoded form in the text it was found in
   * @param end character after it
   */
  record Piece(String encoding, String text, int start, int end) {}

  static List<Piece> find(String text) {
    List<Piece> pieces = new ArrayList<>();
    collect("base64", BASE64, EncodedText::base64, text, pieces);
    collect("hex", HEX, EncodedText::hex, text, pieces);
    collect("percent", PERCENT, EncodedText::percent, text, pieces);
    return pieces;
  }

  private static void collect(
      String encoding,
      Pattern pattern,
      Function<String, byte[]> decoder,
      String text,
      List<Piece> pieces) {
    Matcher matcher = pattern.matcher(text);
    while (pieces.size() < MOST_PIECES && matcher.find()) {
      if (matcher.end() - matcher.start() > LONGEST) {
        continue;
      }
      String decoded = new String(decoder.apply(matcher.group()), StandardCharsets.UTF_8);
      if (isText(decoded)) {
        pieces.add(new Piece(encoding, decoded, matcher.start(), matcher.end()));
      }
    }
  }

  private static byte[] base64(String encoded) {
    String text = encoded.replace('-', '+').replace('_', '/').replace("=", "");
    // A group of one character carries no byte: a cut piece is read as far as it goes.
    int length = text.length() % 4 == 1 ? text.length() - 1 : text.length();
    return Base64.getDecoder().decode(text.substring(0, length));
  }

  private static byte[] hex(String encoded) {
    return HexFormat.of().parseHex(encoded.replaceAll("[ :]", ""));
  }

  private static byte[] percent(String encoded) {
    byte[] in = encoded.getBytes(StandardCharsets.UTF_8);
    byte[] out = new byte[in.length];
    int length = 0;
    for (int i = 0; i < in.length; i++) {
      int high = i + 2 < in.length ? Character.digit(in[i + 1], 16) : -1;
      int low = i + 2 < in.length ? Character.digit(in[i + 2], 16) : -1;
      if (in[i] == '%' && high >= 0 && low >= 0) {
        out[length++] = (byte) (high << 4 | low);
        i += 2;
      } else {
        out[length++] = in[i] == '+' ? (byte) ' ' : in[i];
      }
    }
    return Arrays.copyOf(out, length);
  }

  /**
   * Whether it reads like something that was written: random bytes decode to control characters.
   */
  private static boolean isText(String decoded) {
    if (decoded.length() < 8) {
      return false;
    }
    int strange = 0;
    for (int i = 0; i < decoded.length(); i++) {
      char c = decoded.charAt(i);
      if (c == '\uFFFD' || (Character.isISOControl(c) && !Character.isWhitespace(c))) {
        strange++;
      }
    }
    return strange * 20 <= decoded.length();
  }
}
