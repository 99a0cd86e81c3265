package io.llmtrace.policies.detect.parse;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells which of some words a text holds, in one pass and without a copy of it, whatever the case
 * of its letters; {@link Letters#containsAny} takes a pass for each word. A question mark in a word
 * stands for any character. Immutable.
 */
public final class Needles {
  private static final char ANY = '?';

  /** Words by their first character. */
  private final @Nullable Bucket[] ascii = new @Nullable Bucket[128];

  private final Map<Character, Bucket> others = new HashMap<>();
  private final int count;
  private final boolean folds;
  private final char edge;

  /** Words that begin with one character; {@code next} has a bit for each second character. */
  private static final class Bucket {
    private final List<String> words = new ArrayList<>();
    private final List<Integer> numbers = new ArrayList<>();
    private long next;

    void add(String word, int number) {
      words.add(word);
      numbers.add(number);
      next |= word.length() == 1 || word.charAt(1) == ANY ? -1 : bit(word.charAt(1));
    }

    static long bit(char c) {
      return 1L << (c & 63);
    }
  }

  private Needles(List<String> words, boolean folds, char edge) {
    this.count = words.size();
    this.folds = folds;
    this.edge = edge;
    for (int i = 0; i < count; i++) {
      char first = words.get(i).charAt(0);
      Bucket bucket = bucket(first);
      if (bucket == null) {
        bucket = new Bucket();
        if (first < ascii.length) {
          ascii[first] = bucket;
        } else {
          others.put(first, bucket);
        }
      }
      bucket.add(words.get(i), i);
    }
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
  public boolean holdsAny(CharSequence text, int most) {
    int length = Math.min(text.length(), most);
    for (int i = -1; i <= length; i++) {
      Bucket bucket = bucketAt(text, i, length);
      if (bucket != null) {
        for (int w = 0; w < bucket.words.size(); w++) {
          if (matches(bucket.words.get(w), text, i, length)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /**
   * Which of the words the text's first {@code most} characters hold, a bit for each.
   *
   * @throws IllegalStateException if there are more words than bits
   */
  public long which(CharSequence text, int most) {
    if (count > Long.SIZE) {
      throw new IllegalStateException(count + " words do not fit into a mask");
    }
    long found = 0;
    int length = Math.min(text.length(), most);
    for (int i = -1; i <= length; i++) {
      Bucket bucket = bucketAt(text, i, length);
      if (bucket != null) {
        for (int w = 0; w < bucket.words.size(); w++) {
          if (matches(bucket.words.get(w), text, i, length)) {
            found |= 1L << bucket.numbers.get(w);
          }
        }
      }
    }
    return found;
  }

  /** The words that may begin here, or null. */
  private @Nullable Bucket bucketAt(CharSequence text, int at, int length) {
    Bucket bucket = bucket(read(text, at, length));
    return bucket != null && (bucket.next & Bucket.bit(read(text, at + 1, length))) != 0
        ? bucket
        : null;
  }

  private @Nullable Bucket bucket(char first) {
    return first < ascii.length ? ascii[first] : others.get(first);
  }

  private boolean matches(String word, CharSequence text, int at, int length) {
    // The edges are one character each.
    if (at + word.length() > length + 1) {
      return false;
    }
    for (int i = 1; i < word.length(); i++) {
      char expected = word.charAt(i);
      if (expected != ANY && expected != read(text, at + i, length)) {
        return false;
      }
    }
    return true;
  }

  private char read(CharSequence text, int at, int length) {
    if (at < 0 || at >= length) {
      return edge;
    }
    char c = text.charAt(at);
    return folds ? Letters.fold(c) : Letters.lower(c);
  }
}
