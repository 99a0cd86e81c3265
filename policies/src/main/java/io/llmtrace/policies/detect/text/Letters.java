package io.llmtrace.policies.detect.text;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Objects;

/**
 * How much a run of letters looks like a word of a language that people write: a model of letter
 * triples for the Latin and the Cyrillic alphabet, made by {@code policies/training/letters.py}.
 * Marks on Latin letters are ignored. Scores are in sixteenths of a nat against letters drawn by
 * chance: an English word has some 16 to 32 for each letter, ROT13 of one or a key about -32.
 */
final class Letters {
  /** One nat. */
  static final int NAT = 16;

  private static final int LATIN = 27;
  private static final int CYRILLIC = 34;

  /** Symbols of Cyrillic letters begin here, so that a symbol tells its alphabet. */
  private static final int CYRILLIC_BASE = 64;

  private static final int KNOWN = 0x1F00;
  private static final byte[] SYMBOLS = symbols();
  private static final byte[] LATIN_SCORES = new byte[LATIN * LATIN * LATIN];
  private static final byte[] CYRILLIC_SCORES = new byte[CYRILLIC * CYRILLIC * CYRILLIC];

  static {
    try (InputStream in =
        Objects.requireNonNull(Letters.class.getResourceAsStream("letters.bin"), "letters.bin")) {
      DataInputStream data = new DataInputStream(in);
      data.readFully(LATIN_SCORES);
      data.readFully(CYRILLIC_SCORES);
    } catch (IOException e) {
      throw new UncheckedIOException("letters.bin is cut short", e);
    }
  }

  private static final int LETTER = 1;
  private static final int DIGIT = 2;
  private static final int BLANK = 4;

  /** What ASCII characters are: the tables of all of Unicode are a detour for most. */
  private static final byte[] ASCII = new byte[128];

  static {
    for (char c = 0; c < ASCII.length; c++) {
      ASCII[c] =
          (byte)
              ((Character.isLetter(c) ? LETTER : 0)
                  | (Character.isDigit(c) ? DIGIT : 0)
                  | (Character.isWhitespace(c) ? BLANK : 0));
    }
  }

  private Letters() {}

  /** As {@link Character#isLetter(char)}. */
  static boolean isLetter(char c) {
    return c < ASCII.length ? (ASCII[c] & LETTER) != 0 : Character.isLetter(c);
  }

  /** As {@link Character#isLetterOrDigit(char)}. */
  static boolean isLetterOrDigit(char c) {
    return c < ASCII.length ? (ASCII[c] & (LETTER | DIGIT)) != 0 : Character.isLetterOrDigit(c);
  }

  /** As {@link Character#isWhitespace(char)}. */
  static boolean isWhitespace(char c) {
    return c < ASCII.length ? (ASCII[c] & BLANK) != 0 : Character.isWhitespace(c);
  }

  /** Number of a letter that the model knows, or 0. */
  static int symbol(char c) {
    return c < KNOWN ? SYMBOLS[c] : 0;
  }

  static boolean isLatin(int symbol) {
    return symbol > 0 && symbol < CYRILLIC_BASE;
  }

  /** Score of {@code chars[from, to)}, letters of one alphabet. */
  static int word(char[] chars, int from, int to) {
    return score(chars, from, to - from, 1);
  }

  /** Score of the same letters read from the last to the first. */
  static int reversed(char[] chars, int from, int to) {
    return score(chars, to - 1, to - from, -1);
  }

  private static int score(char[] chars, int first, int length, int step) {
    boolean latin = SYMBOLS[chars[first]] < CYRILLIC_BASE;
    byte[] scores = latin ? LATIN_SCORES : CYRILLIC_SCORES;
    int size = latin ? LATIN : CYRILLIC;
    int base = latin ? 0 : CYRILLIC_BASE;
    int before = 0;
    int context = 0;
    int score = 0;
    for (int k = 0, i = first; k < length; k++, i += step) {
      int symbol = SYMBOLS[chars[i]] - base;
      score += scores[context * size + symbol];
      context = before * size + symbol;
      before = symbol;
    }
    return score + scores[context * size];
  }

  /**
   * Score of Latin letters after a substitution.
   *
   * @param substitution for each symbol the one that stands for it, 0 for 0
   */
  static int substituted(char[] chars, int from, int to, byte[] substitution) {
    int before = 0;
    int context = 0;
    int score = 0;
    for (int i = from; i < to; i++) {
      int symbol = substitution[SYMBOLS[chars[i]]];
      score += LATIN_SCORES[context * LATIN + symbol];
      context = before * LATIN + symbol;
      before = symbol;
    }
    return score + LATIN_SCORES[context * LATIN];
  }

  /**
   * Mean score of a letter in all words of {@code chars[from, to)}; {@code otherwise} if no letter
   * of them is known.
   */
  static int mean(char[] chars, int from, int to, int otherwise) {
    int score = 0;
    int letters = 0;
    for (int i = from; i < to; ) {
      int end = wordEnd(chars, i, to);
      if (end > i) {
        score += word(chars, i, end);
        letters += end - i;
      }
      i = Math.max(end, i + 1);
    }
    return letters == 0 ? otherwise : score / letters;
  }

  /** End of the word that begins at {@code from}; {@code from} if none does. */
  static int wordEnd(char[] chars, int from, int limit) {
    int first = symbol(chars[from]);
    if (first == 0) {
      return from;
    }
    // The bit that tells the alphabets apart; a character that is no letter is told by 0.
    int alphabet = first & CYRILLIC_BASE;
    int i = from + 1;
    while (i < limit) {
      int symbol = symbol(chars[i]);
      if (symbol == 0 || (symbol & CYRILLIC_BASE) != alphabet) {
        break;
      }
      i++;
    }
    return i;
  }

  /**
   * End and score of the word that begins at {@code from}: what {@link #wordEnd} and {@link #word}
   * say, in one pass.
   *
   * @return the score in the upper and the end in the lower half; the end is {@code from}, with no
   *     score, if no word begins there
   */
  static long scoredWord(char[] chars, int from, int limit) {
    int first = symbol(chars[from]);
    if (first == 0) {
      return from;
    }
    boolean latin = first < CYRILLIC_BASE;
    byte[] scores = latin ? LATIN_SCORES : CYRILLIC_SCORES;
    int size = latin ? LATIN : CYRILLIC;
    int base = latin ? 0 : CYRILLIC_BASE;
    int before = 0;
    int context = 0;
    int score = 0;
    int i = from;
    // Of symbols less the base, those of the same alphabet are more than 0 and less than its size.
    for (int symbol = first - base; symbol > 0 && symbol < size; ) {
      score += scores[context * size + symbol];
      context = before * size + symbol;
      before = symbol;
      i++;
      symbol = i < limit ? symbol(chars[i]) - base : 0;
    }
    score += scores[context * size];
    return (long) score << Integer.SIZE | i;
  }

  private static byte[] symbols() {
    byte[] symbols = new byte[KNOWN];
    for (char c = 'a'; c <= 'z'; c++) {
      symbols[c] = (byte) (c - 'a' + 1);
      symbols[c - 32] = symbols[c];
    }
    for (char c = 'а'; c <= 'я'; c++) {
      symbols[c] = (byte) (CYRILLIC_BASE + c - 'а' + 1);
      symbols[c - 32] = symbols[c];
    }
    symbols['ё'] = CYRILLIC_BASE + 33;
    symbols['Ё'] = CYRILLIC_BASE + 33;
    marked(symbols, 0xC0, 0x250);
    marked(symbols, 0x1E00, KNOWN);
    return symbols;
  }

  private static void marked(byte[] symbols, int from, int to) {
    for (int c = from; c < to; c++) {
      String whole = String.valueOf((char) c).toLowerCase(Locale.ROOT);
      char base = Normalizer.normalize(whole, Normalizer.Form.NFD).charAt(0);
      if (base >= 'a' && base <= 'z') {
        symbols[c] = symbols[base];
      }
    }
  }
}
