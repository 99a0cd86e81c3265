package io.llmtrace.policies.detect.text;

/**
 * International Morse code (ITU-R M.1677-1): letters apart by a space, words by a slash, a bar, a
 * line or a wider space. A character of the decoded text stands for its dots and dashes.
 */
final class Morse implements Decoder {
  private static final int LEAST_SIGNS = 6;
  private static final int LEAST_STROKES = 10;

  /** Signs from which on, if they are varied, no language is asked for. */
  private static final int MANY_SIGNS = 24;

  private static final int VARIED = 8;

  /** Characters that are passed over between two questions to the budget: so many bits. */
  private static final int SKIPPED = 0x3FF;

  /** Dot is 0 and dash 1 behind a leading 1, so that the number of signs counts. */
  private static final char[] SIGNS = new char[1 << 8];

  static {
    String codes =
        "a.- b-... c-.-. d-.. e. f..-. g--. h.... i.. j.--- k-.- l.-.. m-- n-. o--- p.--. q--.- r.-."
            + " s... t- u..- v...- w.-- x-..- y-.-- z--.. 0----- 1.---- 2..--- 3...-- 4....- 5....."
            + " 6-.... 7--... 8---.. 9----. ..-.-.- ,--..-- ?..--.. '.----. !-.-.-- /-..-. (-.--."
            + " )-.--.- &.-... :---... ;-.-.-. =-...- +.-.-. --....- _..--.- \".-..-. $...-..- @.--.-.";
    for (String code : codes.split(" ", -1)) {
      int number = 1;
      for (int i = 1; i < code.length(); i++) {
        number = number << 1 | (code.charAt(i) == '-' ? 1 : 0);
      }
      SIGNS[number] = code.charAt(0);
    }
  }

  @Override
  public boolean mayApply(Shape shape) {
    return shape.strokes >= LEAST_STROKES
        || (shape.beyond >= LEAST_SIGNS && shape.count(' ') >= LEAST_SIGNS);
  }

  @Override
  public void decode(Form form, Shape shape, Edits edits, Work work) {
    char[] chars = form.chars;
    for (int i = next(chars, 0, work); i < chars.length; i = next(chars, i, work)) {
      if (i > 0 && isPart(chars[i - 1])) {
        i = strokesEnd(chars, i, work);
      } else {
        i = message(chars, i, edits, work);
      }
    }
  }

  /** The next stroke; the text's length if there is none, or no time for it. */
  private static int next(char[] chars, int from, Work work) {
    for (int i = from; i < chars.length; i++) {
      if (stroke(chars[i]) >= 0) {
        return work.spent(((i - from) & SKIPPED) + 1) ? chars.length : i;
      }
      if (((i - from) & SKIPPED) == SKIPPED && work.spent(SKIPPED)) {
        return chars.length;
      }
    }
    return chars.length;
  }

  private static boolean isPart(char c) {
    return c < 128 ? Letters.isLetterOrDigit(c) : stroke(c) >= 0;
  }

  private static int stroke(char c) {
    if (c < 128) {
      return c == '.' ? 0 : c == '-' || c == '_' ? 1 : -1;
    }
    return switch (c) {
      case '·', '•', '∙', '⋅' -> 0;
      case '–', '—', '−', '‐' -> 1;
      default -> -1;
    };
  }

  private static int strokesEnd(char[] chars, int from, Work work) {
    int i = from;
    while (i < chars.length && stroke(chars[i]) >= 0) {
      i++;
    }
    work.spent(i - from);
    return i;
  }

  private static int message(char[] chars, int from, Edits edits, Work work) {
    edits.open(from);
    int signs = 0;
    int unknown = 0;
    int end = from;
    int i = from;
    while (i < chars.length && stroke(chars[i]) >= 0 && !work.stopped()) {
      int begin = i;
      int number = 1;
      while (i < chars.length && stroke(chars[i]) >= 0) {
        number = number > 0 && number < 128 ? number << 1 | stroke(chars[i]) : 0;
        i++;
      }
      work.spent(i - begin + 1);
      boolean known = number > 0 && number < 256 && SIGNS[number] != 0;
      boolean runsOn = i < chars.length && Letters.isLetterOrDigit(chars[i]);
      if (runsOn) {
        break;
      }
      signs++;
      unknown += known ? 0 : 1;
      edits.put(known ? SIGNS[number] : '?', begin, i);
      end = i;
      int gap = i;
      boolean word = false;
      while (gap < chars.length && gap - i < 8 && isGap(chars[gap])) {
        word |= chars[gap] != ' ' || gap > i;
        gap++;
      }
      if (gap == i || gap == chars.length || stroke(chars[gap]) < 0) {
        break;
      }
      if (word) {
        edits.put(' ', i, gap);
      }
      i = gap;
    }
    boolean known = signs >= LEAST_SIGNS && unknown * 10 <= signs;
    boolean many = signs >= MANY_SIGNS && letters(edits) >= VARIED;
    if (known && (many || Plausible.isProse(edits, LEAST_SIGNS))) {
      edits.close(end, "morse");
    } else {
      edits.drop();
    }
    return Math.max(end, from + 1);
  }

  /** How many different letters there are. */
  private static int letters(Edits edits) {
    int seen = 0;
    for (int i = edits.openedAt(); i < edits.size(); i++) {
      char c = edits.charAt(i);
      seen |= c >= 'a' && c <= 'z' ? 1 << (c - 'a') : 0;
    }
    return Integer.bitCount(seen);
  }

  private static boolean isGap(char c) {
    return c == ' ' || c == '/' || c == '|' || c == '\n' || c == '\r' || c == '\t';
  }
}
