package io.llmtrace.policies.detect.tools;

/** Finds what is written so that a person does not see it. */
final class HiddenText {
  private static final int MANY_SPACES = 100;

  private HiddenText() {}

  /**
   * First character of invisible writing, or -1. Joiners are not counted: emoji and several scripts
   * are written with them.
   */
  static int invisible(String text) {
    int zeroWidth = 0;
    int first = -1;
    for (int i = 0; i < text.length(); i++) {
      int c = text.codePointAt(i);
      boolean tag = c >= 0xE0000 && c <= 0xE007F;
      boolean selector = c >= 0xE0100 && c <= 0xE01EF;
      boolean turns = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
      boolean zero = c == 0x200B || (c >= 0x2060 && c <= 0x2064) || (c == 0xFEFF && i > 0);
      if (c == 0x1B || (tag && !isFlag(text, i))) {
        return i;
      }
      if (zero || selector || turns) {
        first = first < 0 ? i : first;
        zeroWidth++;
      }
      i += Character.charCount(c) - 1;
    }
    return zeroWidth >= 3 ? first : -1;
  }

  /** Flags of regions are a black flag with letters of the tag block. */
  private static boolean isFlag(String text, int at) {
    for (int i = at; i >= 2 && at - i <= 14; i -= 2) {
      int c = text.codePointAt(i - 2);
      if (c == 0x1F3F4) {
        return true;
      }
      if (c < 0xE0000) {
        return false;
      }
    }
    return false;
  }

  /** Character after a long run of white space that has text behind it, or -1. */
  static int farAway(String text) {
    int spaces = 0;
    for (int i = 0; i < text.length(); i++) {
      if (Character.isWhitespace(text.charAt(i))) {
        spaces++;
      } else {
        if (spaces >= MANY_SPACES && i > spaces) {
          return i;
        }
        spaces = 0;
      }
    }
    return -1;
  }
}
