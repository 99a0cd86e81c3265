package io.llmtrace.policies.detect.sensitive;

/** Small questions about characters, and about a few of them in a row. */
final class Text {
  /** Letters and digits of ASCII: a look at a table, since every character of a text is asked. */
  private static final boolean[] ALNUM = new boolean[128];

  static {
    for (char c = 0; c < ALNUM.length; c++) {
      ALNUM[c] = letter(c) || digit(c);
    }
  }

  private Text() {}

  static boolean digit(char c) {
    return c >= '0' && c <= '9';
  }

  static boolean hex(char c) {
    return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  static boolean upper(char c) {
    return c >= 'A' && c <= 'Z';
  }

  static boolean lower(char c) {
    return c >= 'a' && c <= 'z';
  }

  static boolean letter(char c) {
    return upper(c) || lower(c);
  }

  static boolean alnum(char c) {
    return c < ALNUM.length && ALNUM[c];
  }

  static boolean word(char c) {
    return alnum(c) || c == '_';
  }

  /** Whether all of {@code [from, to)} are digits. */
  static boolean digits(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (!digit(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /** Whether all of {@code [from, to)} are upper case letters. */
  static boolean capitals(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (!upper(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /** A letter of any script. */
  static boolean anyLetter(char c) {
    return c < 128 ? letter(c) : Character.isLetter(c);
  }

  /** A letter of a script that puts blanks between words: Latin, Greek, Cyrillic and the like. */
  static boolean spacedLetter(char c) {
    return c < 0x0E00 && anyLetter(c);
  }

  static boolean blank(char c) {
    return c == ' ' || c == '\t' || c == '\u00A0';
  }

  static char at(String text, int index) {
    return index >= 0 && index < text.length() ? text.charAt(index) : '\n';
  }

  /**
   * Whether something can begin here: no word goes on, unless what looks like the end of one is an
   * escape ({@code \n}) or an encoded character ({@code %3D}).
   */
  static boolean opens(String text, int index) {
    if (index == 0 || !word(text.charAt(index - 1))) {
      return true;
    }
    char previous = text.charAt(index - 1);
    if (previous == 'n' || previous == 'r' || previous == 't') {
      return at(text, index - 2) == '\\';
    }
    return hex(previous) && hex(at(text, index - 2)) && at(text, index - 3) == '%';
  }

  /** Whether no letter or digit goes on at {@code index}. */
  static boolean closes(String text, int index) {
    return index >= text.length() || !word(text.charAt(index));
  }

  /** Shannon entropy in bits for each character. */
  static double entropy(String value) {
    int[] counts = new int[128];
    for (int i = 0; i < value.length(); i++) {
      counts[value.charAt(i) & 127]++;
    }
    double bits = 0;
    for (int count : counts) {
      if (count > 0) {
        double share = (double) count / value.length();
        bits -= share * Math.log(share) / Math.log(2);
      }
    }
    return bits;
  }
}
