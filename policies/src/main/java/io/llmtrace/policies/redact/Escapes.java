package io.llmtrace.policies.redact;

/** The escapes of JSON strings (RFC 8259, section 7), one UTF-16 unit at a time. */
final class Escapes {
  private static final String SHORT = "\"\\/bfnrt";
  private static final String MEANS = "\"\\/\b\f\n\r\t";

  private Escapes() {}

  /** Characters of the escape whose backslash stands at {@code at}; 0 where it is none. */
  static int length(String text, int at) {
    if (at + 1 >= text.length()) {
      return 0;
    }
    char c = text.charAt(at + 1);
    if (c != 'u') {
      return SHORT.indexOf(c) >= 0 ? 2 : 0;
    }
    if (at + 6 > text.length()) {
      return 0;
    }
    for (int i = at + 2; i < at + 6; i++) {
      if (hex(text.charAt(i)) < 0) {
        return 0;
      }
    }
    return 6;
  }

  /** What the escape at {@code at} says; it must be one. */
  static char meaning(String text, int at) {
    char c = text.charAt(at + 1);
    if (c != 'u') {
      return MEANS.charAt(SHORT.indexOf(c));
    }
    int unit = 0;
    for (int i = at + 2; i < at + 6; i++) {
      unit = unit * 16 + hex(text.charAt(i));
    }
    return (char) unit;
  }

  // ASCII alone: Character.digit would take the digits of every script.
  private static int hex(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    char lower = (char) (c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }

  /** The content of a string without its escapes. */
  static String undo(String content) {
    int slash = content.indexOf('\\');
    if (slash < 0) {
      return content;
    }
    StringBuilder out = new StringBuilder(content.length());
    int from = 0;
    while (slash >= 0) {
      out.append(content, from, slash).append(meaning(content, slash));
      from = slash + length(content, slash);
      slash = content.indexOf('\\', from);
    }
    return out.append(content, from, content.length()).toString();
  }

  /** A text as the content of a string: escaped where it must be. */
  static String escape(String text) {
    StringBuilder out = new StringBuilder(text.length() + 8);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int known = MEANS.indexOf(c);
      if (known >= 0 && c != '/') {
        out.append('\\').append(SHORT.charAt(known));
      } else if (c < ' ' || isLone(text, i)) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  /** Half a pair, which no encoding of a text can carry. */
  private static boolean isLone(String text, int i) {
    char c = text.charAt(i);
    if (Character.isHighSurrogate(c)) {
      return i + 1 >= text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
    }
    return Character.isLowSurrogate(c)
        && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
  }
}
