package io.llmtrace.policies.detect.text;

/**
 * Words whose letters were moved apart: by spaces, with wider spaces between the words, or by dots,
 * dashes, lines, stars or commas, with spaces between the words. What parted two letters belongs to
 * the one before it.
 */
final class Spaced implements Decoder {
  static final String NAME = "spaced";

  /** Letters in a row that show that a text is written so. */
  private static final int SHOWS = 4;

  private static final int LEAST_LETTERS = 6;

  @Override
  public boolean mayApply(Shape shape) {
    return shape.singles >= SHOWS;
  }

  @Override
  public void decode(Form form, Shape shape, Edits edits, Work work) {
    char[] chars = form.chars;
    int before = edits.count();
    int letters = 0;
    int longest = 0;
    for (int i = 0; i < chars.length && !work.spent(1); ) {
      int separatorAt = oneEnd(chars, i);
      if (separatorAt < 0
          || separatorAt >= chars.length
          || !isSeparator(chars[separatorAt])
          || (i > 0 && !beginsAfter(chars[i - 1]))) {
        i = Math.max(separatorAt, i + 1);
        continue;
      }
      int end =
          chars[separatorAt] == ' '
              ? spaces(chars, i, edits, work)
              : separated(chars, i, chars[separatorAt], edits, work);
      if (end > i) {
        int piece = edits.count() - 1;
        int count = letters(edits, piece);
        letters += count;
        longest = Math.max(longest, count);
        i = end;
      } else {
        i = separatorAt;
      }
    }
    if (longest < SHOWS || letters < LEAST_LETTERS) {
      edits.cutTo(before);
    }
  }

  private static boolean beginsAfter(char c) {
    return c == ' ' || (!Character.isLetterOrDigit(c) && !isSeparator(c));
  }

  private static boolean isSeparator(char c) {
    return switch (c) {
      case ' ', '.', '-', '_', '*', '/', '|', '~', ',', '·', '+', ':', '\u00A0' -> true;
      default -> false;
    };
  }

  /** End of one character that is no space, or -1. */
  private static int oneEnd(char[] chars, int at) {
    char c = chars[at];
    if (Character.isWhitespace(c) || c < ' ') {
      return -1;
    }
    boolean pair =
        Character.isHighSurrogate(c)
            && at + 1 < chars.length
            && Character.isLowSurrogate(chars[at + 1]);
    return pair ? at + 2 : at + 1;
  }

  private static int letters(Edits edits, int piece) {
    int letters = 0;
    for (int i = edits.textFrom(piece); i < edits.textTo(piece); i++) {
      letters += Character.isLetter(edits.charAt(i)) ? 1 : 0;
    }
    return letters;
  }

  /** {@code i g n o r e a l l}: everything on its own, one space between, more between words. */
  private static int spaces(char[] chars, int from, Edits edits, Work work) {
    edits.open(from);
    int letters = 0;
    int words = 0;
    int i = from;
    int end = from;
    while (i < chars.length && !work.spent(2)) {
      int next = oneEnd(chars, i);
      boolean alone = next > 0 && (next == chars.length || Character.isWhitespace(chars[next]));
      if (!alone) {
        break;
      }
      int gap = next;
      while (gap < chars.length && gap - next < 8 && chars[gap] == ' ') {
        gap++;
      }
      boolean goesOn = gap > next && gap < chars.length && !Character.isWhitespace(chars[gap]);
      boolean last = goesOn && !isAlone(chars, gap);
      int sourceEnd = goesOn && !last && gap - next == 1 ? gap : next;
      for (int k = i; k < next; k++) {
        edits.put(chars[k], i, sourceEnd);
      }
      letters += Character.isLetter(chars[i]) ? 1 : 0;
      end = next;
      if (!goesOn || last) {
        break;
      }
      if (gap - next > 1) {
        edits.put(' ', next, gap);
        words++;
      }
      i = gap;
    }
    int count = edits.size() - edits.openedAt();
    boolean letterText = letters >= 3 && letters * 2 >= count - words;
    if (letterText && Letters.mean(edits.text(), edits.openedAt(), edits.size(), 1) > 0) {
      edits.close(end, NAME);
      return end;
    }
    edits.drop();
    return -1;
  }

  private static boolean isAlone(char[] chars, int at) {
    int next = oneEnd(chars, at);
    return next > 0 && (next == chars.length || Character.isWhitespace(chars[next]));
  }

  /** {@code i-g-n-o-r-e}: one sign between all characters of a word. */
  private static int separated(char[] chars, int from, char sign, Edits edits, Work work) {
    edits.open(from);
    int letters = 0;
    int count = 0;
    int i = from;
    int end = from;
    while (i < chars.length && !work.spent(2)) {
      int next = oneEnd(chars, i);
      if (next < 0) {
        break;
      }
      boolean goesOn =
          next + 1 < chars.length
              && chars[next] == sign
              && !Character.isWhitespace(chars[next + 1])
              && isOne(chars, next + 1, sign);
      boolean ends = next == chars.length || !Character.isLetterOrDigit(chars[next]);
      if (!goesOn && !ends) {
        break;
      }
      for (int k = i; k < next; k++) {
        edits.put(chars[k], i, goesOn ? next + 1 : next);
      }
      letters += Character.isLetter(chars[i]) ? 1 : 0;
      count++;
      end = next;
      if (!goesOn) {
        break;
      }
      i = next + 1;
    }
    if (letters >= 2 && letters * 2 >= count) {
      edits.close(end, NAME);
      return end;
    }
    edits.drop();
    return -1;
  }

  /** Whether one character stands at {@code at} and then the sign or a word's end. */
  private static boolean isOne(char[] chars, int at, char sign) {
    int next = oneEnd(chars, at);
    return next > 0
        && (next == chars.length || chars[next] == sign || !Character.isLetterOrDigit(chars[next]));
  }
}
