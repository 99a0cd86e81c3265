package io.llmtrace.policies.detect.parse;

import io.llmtrace.policies.detect.InspectionBudget;
import java.util.Arrays;

/**
 * The words of a text as hashes: runs of letters and digits without their case, apostrophes left
 * out; in scripts without spaces each character. Punctuation, line breaks and Markdown do not
 * count, so a quotation is the same however it is set. Immutable.
 */
public final class Words {
  private static final long OFFSET = 0xcbf29ce484222325L;
  private static final long PRIME = 0x100000001b3L;

  private final long[] hashes;
  private final int[] starts;
  private final int[] ends;

  private Words(long[] hashes, int[] starts, int[] ends) {
    this.hashes = hashes;
    this.starts = starts;
    this.ends = ends;
  }

  /** The first {@code most} words; fewer when the budget is spent. */
  public static Words of(String text, int most, InspectionBudget budget) {
    long[] hashes = new long[16];
    int[] starts = new int[16];
    int[] ends = new int[16];
    int count = 0;
    int i = 0;
    while (i < text.length() && count < most) {
      if (!Character.isLetterOrDigit(text.charAt(i))) {
        i++;
        continue;
      }
      if ((count & 1023) == 1023 && budget.spent()) {
        break;
      }
      if (count == hashes.length) {
        hashes = Arrays.copyOf(hashes, 2 * count);
        starts = Arrays.copyOf(starts, 2 * count);
        ends = Arrays.copyOf(ends, 2 * count);
      }
      int end = end(text, i);
      hashes[count] = hash(text, i, end);
      starts[count] = i;
      ends[count] = end;
      count++;
      i = end;
    }
    return new Words(
        Arrays.copyOf(hashes, count), Arrays.copyOf(starts, count), Arrays.copyOf(ends, count));
  }

  private static int end(String text, int from) {
    if (isAlone(text.charAt(from))) {
      return from + 1;
    }
    int i = from + 1;
    while (i < text.length()) {
      char c = text.charAt(i);
      boolean part = Character.isLetterOrDigit(c) && !isAlone(c);
      boolean apostrophe =
          (c == '\'' || c == '\u2019')
              && i + 1 < text.length()
              && Character.isLetter(text.charAt(i + 1));
      if (!part && !apostrophe) {
        break;
      }
      i++;
    }
    return i;
  }

  /** Whether a character is a word of its own: Han, kana, Thai and their like have no spaces. */
  private static boolean isAlone(char c) {
    return (c >= 0x0E00 && c <= 0x0EFF)
        || (c >= 0x3040 && c <= 0x30FF)
        || (c >= 0x3400 && c <= 0x9FFF)
        || (c >= 0xF900 && c <= 0xFAFF);
  }

  private static long hash(String text, int from, int to) {
    long hash = OFFSET;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (c != '\'' && c != '\u2019') {
        hash = (hash ^ Letters.lower(c)) * PRIME;
      }
    }
    return hash;
  }

  /** The hash that {@link #hash(int)} gives for a word. */
  public static long hash(String word) {
    return hash(word, 0, word.length());
  }

  public int size() {
    return hashes.length;
  }

  public long hash(int word) {
    return hashes[word];
  }

  /** First character of a word in the text. */
  public int start(int word) {
    return starts[word];
  }

  /** Character after a word. */
  public int end(int word) {
    return ends[word];
  }

  /** A hash of {@code length} words from {@code first} on. */
  public long shingle(int first, int length) {
    long hash = OFFSET;
    for (int i = first; i < first + length; i++) {
      hash = (hash ^ hashes[i]) * PRIME;
      hash ^= hash >>> 29;
    }
    return hash;
  }
}
