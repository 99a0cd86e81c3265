package io.llmtrace.policies.detect.text;

/**
 * Latin letters exchanged for others by ROT13, another shift, or the alphabet backwards (Atbash).
 * For a strange stretch of words the substitution whose letters are as frequent as in English is
 * tried, and ROT13 always; it is undone where the words read so much better.
 */
final class Caesar {
  static final String ROT13 = "rot13";
  static final String SHIFT = "caesar";
  static final String ATBASH = "atbash";

  private static final int LETTERS = 26;
  private static final int ATBASH_NUMBER = LETTERS;
  private static final int LEAST_GAIN = 12 * Letters.NAT;
  private static final int PATIENCE = 6 * Letters.NAT;

  /** Letters from which on their frequency tells a shift. */
  private static final int TELLING = 24;

  /** How often letters occur in a thousand of English, a to z; rounded from common tables. */
  private static final int[] PER_MILLE = {
    82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20,
    1
  };

  /** For each substitution and symbol the symbol that it stands for. */
  private static final byte[][] SUBSTITUTIONS = new byte[LETTERS + 1][LETTERS + 1];

  private static final double[] LOGS = new double[LETTERS];

  static {
    for (int symbol = 1; symbol <= LETTERS; symbol++) {
      for (int shift = 0; shift < LETTERS; shift++) {
        SUBSTITUTIONS[shift][symbol] = (byte) ((symbol - 1 + LETTERS - shift) % LETTERS + 1);
      }
      SUBSTITUTIONS[ATBASH_NUMBER][symbol] = (byte) (LETTERS + 1 - symbol);
      LOGS[symbol - 1] = StrictMath.log(PER_MILLE[symbol - 1]);
    }
  }

  private Caesar() {}

  static Edits found(Form form, Words words, Work work) {
    Edits edits = new Edits();
    for (int i = 0; i < words.stretches() && !work.stopped(); i++) {
      int before = edits.count();
      stretch(form.chars, words, i, 13, edits, work);
      int likely = likely(form.chars, words, i, work);
      if (edits.count() == before && likely != 13 && likely != 0) {
        stretch(form.chars, words, i, likely, edits, work);
      }
    }
    return edits;
  }

  private static int likely(char[] chars, Words words, int stretch, Work work) {
    int[] counts = new int[LETTERS + 1];
    int total = 0;
    for (int word = words.first(stretch); word <= words.last(stretch) && total < 4096; word++) {
      for (int i = words.from(word); i < words.to(word) && Letters.isLatin(symbol(chars, i)); i++) {
        counts[symbol(chars, i)]++;
        total++;
      }
    }
    if (total < TELLING || work.spent(total + 2 * LETTERS * LETTERS)) {
      return 0;
    }
    int best = 0;
    double bestScore = Double.NEGATIVE_INFINITY;
    for (int number = 0; number <= ATBASH_NUMBER; number++) {
      double score = 0;
      for (int symbol = 1; symbol <= LETTERS; symbol++) {
        score += counts[symbol] * LOGS[SUBSTITUTIONS[number][symbol] - 1];
      }
      if (score > bestScore) {
        bestScore = score;
        best = number;
      }
    }
    return best;
  }

  private static int symbol(char[] chars, int at) {
    return Letters.symbol(chars[at]);
  }

  private static void stretch(
      char[] chars, Words words, int stretch, int number, Edits edits, Work work) {
    Words.Stretch best = new Words.Stretch(LEAST_GAIN, PATIENCE);
    for (int word = words.first(stretch); word <= words.last(stretch); word++) {
      int from = words.from(word);
      int to = words.to(word);
      if (work.spent(2 * (to - from))) {
        return;
      }
      int gain =
          Letters.isLatin(symbol(chars, from))
              ? Letters.substituted(chars, from, to, SUBSTITUTIONS[number])
                  - Letters.word(chars, from, to)
              : 0;
      if (best.add(word, gain)) {
        take(chars, words, best, number, edits);
      }
    }
    if (best.found()) {
      take(chars, words, best, number, edits);
    }
  }

  private static void take(char[] chars, Words words, Words.Stretch best, int number, Edits edits) {
    byte[] substitution = SUBSTITUTIONS[number];
    int letters = 0;
    int score = 0;
    for (int word = best.first(); word <= best.last(); word++) {
      if (Letters.isLatin(symbol(chars, words.from(word)))) {
        letters += words.to(word) - words.from(word);
        score += Letters.substituted(chars, words.from(word), words.to(word), substitution);
      }
    }
    if (words.counts(best, letters, best.total(), score)) {
      int from = words.from(best.first());
      int to = words.to(best.last());
      edits.open(from);
      for (int i = from; i < to; i++) {
        edits.put(substituted(chars[i], substitution), i, i + 1);
      }
      edits.close(to, number == 13 ? ROT13 : number == ATBASH_NUMBER ? ATBASH : SHIFT);
    }
    best.clear();
  }

  /** Only letters without marks are exchanged: no cipher of this kind has others. */
  private static char substituted(char c, byte[] substitution) {
    if (c >= 'a' && c <= 'z') {
      return (char) ('a' - 1 + substitution[Letters.symbol(c)]);
    }
    return c >= 'A' && c <= 'Z' ? (char) ('A' - 1 + substitution[Letters.symbol(c)]) : c;
  }
}
