package io.llmtrace.policies.detect.tools;

/** Finds what is written so that a person does not see it. */
final class HiddenText {
  private static final int MANY_SPACES = 100;

  private HiddenText() {}

  /**
   * First character of invisible writing, or -1. What ordinary text holds is not counted: joiners,
   * soft hyphens and the selectors of emoji; a byte order mark or a zero-width space beside a blank
   * or a mark, as pages leave it behind, or between letters of scripts that part no words; what
   * turns the direction, where letters are written from right to left; the variant of an ideograph.
   */
  static int invisible(String text) {
    int counted = 0;
    int first = -1;
    int before = ' ';
    boolean turned = isWrittenFromTheRight(text);
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int end = i + Character.charCount(c);
      if (c == 0x1B || (isTag(c) && !isFlag(text, i))) {
        return i;
      }
      int after = end < text.length() ? text.codePointAt(end) : ' ';
      boolean selects = isSelector(c) && !(Character.isIdeographic(before) && !isSelector(after));
      boolean turns = isOverride(c) || (isTurn(c) && !turned);
      if (selects || turns || (isZeroWidth(c) && i > 0 && hides(before, after))) {
        first = first < 0 ? i : first;
        counted++;
      }
      before = c;
      i = end;
    }
    return counted >= 3 ? first : -1;
  }

  private static boolean isTag(int c) {
    return c >= 0xE0000 && c <= 0xE007F;
  }

  private static boolean isSelector(int c) {
    return c >= 0xE0100 && c <= 0xE01EF;
  }

  /** What turns letters against their own direction, for which no language has a use. */
  private static boolean isOverride(int c) {
    return c == 0x202D || c == 0x202E;
  }

  private static boolean isTurn(int c) {
    return (c >= 0x202A && c <= 0x202C) || (c >= 0x2066 && c <= 0x2069);
  }

  private static boolean isZeroWidth(int c) {
    return c == 0x200B || (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF;
  }

  /** Inside a word, or beside another: there nobody needs a place to break a line. */
  private static boolean hides(int before, int after) {
    if (isZeroWidth(before) || isZeroWidth(after)) {
      return true;
    }
    return Character.isLetterOrDigit(before)
        && Character.isLetterOrDigit(after)
        && !(partsNoWords(before) && partsNoWords(after));
  }

  private static boolean partsNoWords(int c) {
    return switch (Character.UnicodeScript.of(c)) {
      case THAI, LAO, KHMER, MYANMAR, TIBETAN, HAN, HIRAGANA, KATAKANA, JAVANESE, BALINESE -> true;
      default -> false;
    };
  }

  private static boolean isWrittenFromTheRight(String text) {
    for (int i = 0; i < text.length(); i++) {
      byte direction = Character.getDirectionality(text.charAt(i));
      if (direction == Character.DIRECTIONALITY_RIGHT_TO_LEFT
          || direction == Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC) {
        return true;
      }
    }
    return false;
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
