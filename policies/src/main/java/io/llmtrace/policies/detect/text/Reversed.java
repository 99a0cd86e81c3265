package io.llmtrace.policies.detect.text;

/**
 * Text written backwards: as a whole or word by word. What was put behind U+202E, which shows text
 * from right to left, is backwards for certain; otherwise a stretch is turned round if its words
 * read so much better then.
 */
final class Reversed {
  static final String NAME = "reversed";

  private static final int LEAST_GAIN = 12 * Letters.NAT;
  private static final int PATIENCE = 6 * Letters.NAT;
  private static final char OVERRIDE = '\u202E';

  private Reversed() {}

  /** Which way a stretch was turned. */
  enum Way {
    WHOLE,
    EACH_WORD
  }

  /** Turns what stands behind an override, up to its end or the line's. */
  static Edits overridden(Form form, Work work) {
    Edits edits = new Edits();
    char[] chars = form.chars;
    for (int i = 0; i < chars.length && !work.spent(1); i++) {
      if (chars[i] != OVERRIDE) {
        continue;
      }
      int end = i + 1;
      while (end < chars.length && !isOverrideEnd(chars[end]) && !work.spent(1)) {
        end++;
      }
      if (end - i > 2) {
        turn(chars, i + 1, end, edits);
        i = end - 1;
      }
    }
    return edits;
  }

  private static boolean isOverrideEnd(char c) {
    return c == '\u202C' || c == OVERRIDE || c == '\u202D' || c == '\u2029';
  }

  /** Turns what reads better backwards. */
  static Edits found(Form form, Words words, Way way, Work work) {
    Edits edits = new Edits();
    for (int i = 0; i < words.stretches() && !work.stopped(); i++) {
      stretch(form.chars, words, i, way, edits, work);
    }
    return edits;
  }

  private static void stretch(
      char[] chars, Words words, int number, Way way, Edits edits, Work work) {
    Words.Stretch best = new Words.Stretch(LEAST_GAIN, PATIENCE);
    int last = words.last(number);
    for (int word = words.first(number); word <= last; word++) {
      int from = words.from(word);
      int to = words.to(word);
      if (work.spent(2 * (to - from))) {
        return;
      }
      int gain =
          to - from < 2 ? 0 : Letters.reversed(chars, from, to) - Letters.word(chars, from, to);
      if (best.add(word, gain)) {
        take(chars, words, best, way, edits);
      }
    }
    if (best.found()) {
      take(chars, words, best, way, edits);
    }
  }

  private static void take(char[] chars, Words words, Words.Stretch best, Way way, Edits edits) {
    int letters = 0;
    int score = 0;
    for (int word = best.first(); word <= best.last(); word++) {
      letters += words.to(word) - words.from(word);
      score += Letters.reversed(chars, words.from(word), words.to(word));
    }
    if (words.counts(best, letters, best.total(), score)) {
      int from = words.from(best.first());
      int to = words.to(best.last());
      while (from > 0 && isSign(chars[from - 1])) {
        from--;
      }
      while (to < chars.length && isSign(chars[to])) {
        to++;
      }
      if (likely(chars, from, to, way)) {
        if (way == Way.WHOLE) {
          turn(chars, from, to, edits);
        } else {
          turnWords(chars, from, to, edits);
        }
      }
    }
    best.clear();
  }

  private static boolean isSign(char c) {
    return switch (c) {
      case '.', ',', '?', '!', ';', ':', '\'', '"', '(', ')' -> true;
      default -> false;
    };
  }

  /**
   * Which way it was turned shows in words that end with a capital: they begin a sentence, so the
   * sign that ends the sentence before them stands behind them if all was turned, and before them
   * if only words were. Without a sign both ways are tried.
   */
  private static boolean likely(char[] chars, int from, int to, Way way) {
    int whole = 0;
    int words = 0;
    boolean signBefore = true;
    int i = from;
    while (i < to) {
      if (chars[i] <= ' ') {
        i++;
        continue;
      }
      int end = i;
      while (end < to && chars[end] > ' ') {
        end++;
      }
      boolean leads = ".?!".indexOf(chars[i]) >= 0;
      if (leads && i > from) {
        signBefore = true;
      }
      boolean capital =
          Character.isUpperCase(chars[end - 1])
              && end - i > 1
              && Character.isLowerCase(chars[end - 2]);
      if (capital) {
        int next = end;
        while (next < to && chars[next] <= ' ') {
          next++;
        }
        boolean signAfter = next >= to || ".?!".indexOf(chars[next]) >= 0;
        whole += signAfter ? 1 : 0;
        words += signBefore ? 1 : 0;
      }
      signBefore = leads;
      i = end;
    }
    return way == Way.WHOLE ? whole >= words : words >= whole;
  }

  private static void turnWords(char[] chars, int from, int to, Edits edits) {
    int i = from;
    while (i < to) {
      int end = i;
      while (end < to && chars[end] > ' ') {
        end++;
      }
      if (end - i > 1) {
        turn(chars, i, end, edits);
      }
      i = end + 1;
    }
  }

  private static void turn(char[] chars, int from, int to, Edits edits) {
    edits.open(from);
    for (int i = to; i > from; ) {
      int codePoint = Character.codePointBefore(chars, i);
      int begin = Math.max(from, i - Character.charCount(codePoint));
      if (begin == i - Character.charCount(codePoint)) {
        edits.putCodePoint(codePoint, begin, i);
      } else {
        edits.put(chars[begin], begin, i);
      }
      i = begin;
    }
    edits.close(to, NAME);
  }
}
