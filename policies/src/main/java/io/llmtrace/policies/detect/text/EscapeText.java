package io.llmtrace.policies.detect.text;

/**
 * Escapes of programming languages (a backslash and u, U, x or octal digits, with braces or
 * without), the notation U+ and hex digits, and HTML's character references. A character of the
 * decoded text stands for its escape; the backslashes before it may have been doubled.
 *
 * <p>JSON escapes letters beyond ASCII and HTML escapes its signs, so a text is decoded only if a
 * letter or digit of ASCII is written so, several other letters are, or every angle bracket is.
 */
final class EscapeText implements Decoder {
  private static final int SEVERAL = 4;

  @Override
  public boolean mayApply(Shape shape) {
    return shape.escapes > 0 || (shape.count('U') > 1 && shape.count('+') > 1);
  }

  /** What an escape says and where it ends; packed, so that trying one allocates nothing. */
  private static final long NONE = -1;

  private static long escape(int codePoint, int end) {
    return (long) end << 32 | codePoint;
  }

  @Override
  public void decode(Form form, Shape shape, Edits edits, Work work) {
    char[] chars = form.chars;
    int before = edits.count();
    int plain = 0;
    int other = 0;
    int signs = 0;
    for (int i = 0; i < chars.length && !work.spent(1); ) {
      char c = chars[i];
      long escape = c == '\\' || c == '&' || c == 'U' ? at(chars, i) : NONE;
      if (escape == NONE) {
        i++;
        continue;
      }
      int codePoint = (int) escape;
      int end = (int) (escape >> 32);
      if (Character.isHighSurrogate((char) codePoint)
          && codePoint < 0x10000
          && end < chars.length) {
        long second = at(chars, end);
        if (second != NONE && (int) second < 0x10000 && Character.isLowSurrogate((char) second)) {
          codePoint = Character.toCodePoint((char) codePoint, (char) second);
          end = (int) (second >> 32);
        }
      }
      if (isShown(codePoint)) {
        edits.open(i);
        edits.putCodePoint(codePoint, i, end);
        edits.close(end, c == '&' ? "html_entity" : "escape");
        boolean letter = Character.isLetterOrDigit(codePoint);
        plain += letter && codePoint < 128 ? 1 : 0;
        signs += codePoint == '<' || codePoint == '>' ? 1 : 0;
        other += letter && codePoint >= 128 ? 1 : 0;
      }
      work.spent(end - i);
      i = end;
    }
    boolean markup = signs >= 2 && shape.count('<') + shape.count('>') == 0;
    if (plain == 0 && other < SEVERAL && !markup) {
      edits.cutTo(before);
    }
  }

  private static boolean isShown(int codePoint) {
    return Character.isDefined(codePoint)
        && (codePoint < 0xD800 || codePoint > 0xDFFF)
        && (!Character.isISOControl(codePoint) || Character.isWhitespace(codePoint));
  }

  private static long at(char[] chars, int from) {
    return switch (chars[from]) {
      case '\\' -> backslash(chars, from);
      case '&' -> reference(chars, from);
      case 'U' -> notation(chars, from);
      default -> NONE;
    };
  }

  private static long backslash(char[] chars, int from) {
    int i = from;
    while (i < chars.length && chars[i] == '\\' && i - from < 4) {
      i++;
    }
    if (i == chars.length) {
      return NONE;
    }
    char kind = chars[i];
    if (kind == 'u' && i + 1 < chars.length && chars[i + 1] == '{') {
      int end = i + 2;
      while (end < chars.length && end - i < 9 && Character.digit(chars[end], 16) >= 0) {
        end++;
      }
      boolean closed = end < chars.length && chars[end] == '}' && end > i + 2;
      return closed ? escape(number(chars, i + 2, end, 16), end + 1) : NONE;
    }
    int digits = kind == 'u' ? 4 : kind == 'U' ? 8 : kind == 'x' ? 2 : 0;
    if (digits > 0) {
      int value = number(chars, i + 1, i + 1 + digits, 16);
      // Bytes of a longer character are for the hex decoder, which reads them together.
      boolean byteOnly = kind == 'x' && value >= 0x80;
      return value < 0 || byteOnly ? NONE : escape(value, i + 1 + digits);
    }
    if (kind >= '0' && kind <= '1') {
      int value = number(chars, i, i + 3, 8);
      return value < 32 ? NONE : escape(value, i + 3);
    }
    return NONE;
  }

  private static int number(char[] chars, int from, int to, int radix) {
    if (to > chars.length) {
      return -1;
    }
    long value = 0;
    for (int i = from; i < to; i++) {
      int digit = chars[i] < 128 ? Character.digit(chars[i], radix) : -1;
      if (digit < 0) {
        return -1;
      }
      value = value * radix + digit;
    }
    return value > Character.MAX_CODE_POINT ? -1 : (int) value;
  }

  private static long notation(char[] chars, int from) {
    if (from + 5 >= chars.length || chars[from + 1] != '+') {
      return NONE;
    }
    int end = from + 2;
    while (end < chars.length && end - from < 8 && Character.digit(chars[end], 16) >= 0) {
      end++;
    }
    int value = end - from >= 6 ? number(chars, from + 2, end, 16) : -1;
    if (value < 0) {
      return NONE;
    }
    // A single space parts two of them and is no part of the text.
    boolean next =
        end + 2 < chars.length
            && chars[end] == ' '
            && chars[end + 1] == 'U'
            && chars[end + 2] == '+';
    return escape(value, next ? end + 1 : end);
  }

  private static long reference(char[] chars, int from) {
    int i = from + 1;
    // "&amp;#105;" is the same, escaped twice.
    if (i + 4 < chars.length && startsWith(chars, i, "amp;") && (chars[i + 4] == '#')) {
      i += 4;
    }
    if (i < chars.length && chars[i] == '#') {
      boolean hex = i + 1 < chars.length && (chars[i + 1] | 0x20) == 'x';
      int begin = hex ? i + 2 : i + 1;
      int end = begin;
      int radix = hex ? 16 : 10;
      while (end < chars.length && end - begin < 10 && Character.digit(chars[end], radix) >= 0) {
        end++;
      }
      int value = end > begin ? number(chars, begin, end, radix) : -1;
      boolean closed = end < chars.length && chars[end] == ';';
      return value < 0 ? NONE : escape(value, closed ? end + 1 : end);
    }
    int end = i;
    while (end < chars.length && end - i < 10 && Character.isLetterOrDigit(chars[end])) {
      end++;
    }
    if (end == chars.length || chars[end] != ';' || end == i) {
      return NONE;
    }
    Integer value = Entities.codePoint(new String(chars, i, end - i));
    return value == null ? NONE : escape(value, end + 1);
  }

  private static boolean startsWith(char[] chars, int at, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (at + i >= chars.length || chars[at + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
