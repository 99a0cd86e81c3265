package io.llmtrace.runtime.logging;

/** Makes any text one that a log line can hold. Stateless. */
final class LogText {
  /** UTF-16 units of one text; a longer one is cut. */
  static final int LONGEST = 1 << 20;

  private static final char REPLACEMENT = '\uFFFD';

  private LogText() {}

  /**
   * The text with half a pair of surrogates replaced, which has no form in UTF-8, and cut where it
   * is longer than {@value #LONGEST}, with a word on how much is missing.
   */
  static String wellFormed(String text) {
    int end = Math.min(text.length(), LONGEST);
    if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    StringBuilder made = null;
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < end
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      if (made == null) {
        made = new StringBuilder(text.substring(0, end));
      }
      made.setCharAt(i, REPLACEMENT);
    }
    String whole = made == null ? text.substring(0, end) : made.toString();
    return end == text.length()
        ? whole
        : whole + "… (" + (text.length() - end) + " characters more)";
  }

  /** Whether some reader of lines ends one here, or a terminal does something else than show it. */
  static boolean isUnsafe(int c) {
    return Character.isISOControl(c)
        || c == 0x2028
        || c == 0x2029
        || (c >= 0x202A && c <= 0x202E)
        || (c >= 0x2066 && c <= 0x2069);
  }

  /** One line of text for people: what would end it or hide something is written as an escape. */
  static String oneLine(String text) {
    String whole = wellFormed(text);
    if (whole.chars().noneMatch(LogText::isUnsafe)) {
      return whole;
    }
    StringBuilder made = new StringBuilder(whole.length() + 16);
    for (int i = 0; i < whole.length(); i++) {
      char c = whole.charAt(i);
      switch (c) {
        case '\n' -> made.append("\\n");
        case '\r' -> made.append("\\r");
        case '\t' -> made.append("\\t");
        default -> {
          if (isUnsafe(c)) {
            made.append("\\u%04x".formatted((int) c));
          } else {
            made.append(c);
          }
        }
      }
    }
    return made.toString();
  }

  /** What a value says of itself; a value that cannot even do that costs no line. */
  static String of(Object value) {
    try {
      return String.valueOf(value);
    } catch (RuntimeException e) {
      return "(" + value.getClass().getName() + " has no text: " + e.getClass().getName() + ")";
    }
  }
}
