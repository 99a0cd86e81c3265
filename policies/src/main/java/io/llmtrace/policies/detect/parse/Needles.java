package io.llmtrace.policies.detect.parse;

import java.util.Arrays;
import java.util.List;

/**
 * Tells which of some words a text holds, in one pass and without a copy of it, whatever the case
 * of its letters; {@link Letters#containsAny} takes a pass for each word. A question mark in a word
 * stands for any character. Immutable.
 */
public final class Needles {
  private static final char ANY = '?';

  /** Bits of a character that tell it from most others, and are the same in both cases of ASCII. */
  private static final int BITS = 5;

  private static final int SOME = (1 << BITS) - 1;
  private static final int TWO = (1 << (2 * BITS)) - 1;
  private static final int THREE = (1 << (3 * BITS)) - 1;

  /** A word and its place in the list. */
  private record Needle(String word, int number) {}

  /** A bit for each three characters that a word begins with: most begin none. */
  private final long[] beginnings = new long[(THREE + 1) / Long.SIZE];

  /** Words by their second and third character. */
  private final Needle[][] words = new Needle[TWO + 1][0];

  private final int count;
  private final boolean folds;
  private final char edge;

  private Needles(List<String> words, boolean folds, char edge) {
    this.count = words.size();
    this.folds = folds;
    this.edge = edge;
    for (int i = 0; i < count; i++) {
      String word = words.get(i);
      for (int two = 0; two <= TWO; two++) {
        if (may(word, 1, two >>> BITS) && may(word, 2, two & SOME)) {
          int three = ((word.charAt(0) & SOME) << (2 * BITS)) | two;
          beginnings[three / Long.SIZE] |= 1L << three;
          Needle[] more = Arrays.copyOf(this.words[two], this.words[two].length + 1);
          more[more.length - 1] = new Needle(word, i);
          this.words[two] = more;
        }
      }
    }
  }

  private static boolean may(String word, int at, int bits) {
    return at >= word.length() || word.charAt(at) == ANY || (word.charAt(at) & SOME) == bits;
  }

  /**
   * Words in lower case, for texts that are read in lower case.
   *
   * @param edge what a text counts as having before its first character and behind its last
   */
  public static Needles lower(List<String> words, char edge) {
    return new Needles(words, false, edge);
  }

  /** Words as {@link Letters#fold} writes them, for texts that are read so. */
  public static Needles folded(List<String> words) {
    return new Needles(words, true, Character.MAX_VALUE);
  }

  /** Whether the text's first {@code most} characters hold any of the words. */
  public boolean holdsAny(String text, int most) {
    return search(text, Math.min(text.length(), most), true) != 0;
  }

  /**
   * Which of the words the text's first {@code most} characters hold, a bit for each.
   *
   * @throws IllegalStateException if there are more words than bits
   */
  public long which(String text, int most) {
    if (count > Long.SIZE) {
      throw new IllegalStateException(count + " words do not fit into a mask");
    }
    return search(text, Math.min(text.length(), most), false);
  }

  /** A bit for each word that is there, or for one of them. */
  private long search(String text, int length, boolean one) {
    long found = 0;
    int three = edge & SOME;
    for (int i = 0; i < length + 2; i++) {
      char c = i < length ? text.charAt(i) : edge;
      // The bits of ASCII are the same in both cases.
      three = ((three << BITS) | ((c < 128 ? c : folded(c)) & SOME)) & THREE;
      if ((beginnings[three / Long.SIZE] >>> three & 1) != 0) {
        for (Needle needle : words[three & TWO]) {
          if (begins(needle.word(), text, i - 2, length)) {
            found |= 1L << needle.number();
          }
        }
        if (one && found != 0) {
          return found;
        }
      }
    }
    return found;
  }

  private boolean begins(String word, String text, int at, int length) {
    // The edges are one character each.
    if (at < -1 || at + word.length() > length + 1) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      char expected = word.charAt(i);
      if (expected != ANY && expected != read(text, at + i, length)) {
        return false;
      }
    }
    return true;
  }

  private char read(String text, int at, int length) {
    if (at < 0 || at >= length) {
      return edge;
    }
    return folded(text.charAt(at));
  }

  private char folded(char c) {
    return folds ? Letters.fold(c) : Letters.lower(c);
  }
}
