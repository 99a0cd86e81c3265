package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.parse.Words;
import java.util.Arrays;
import java.util.List;

/**
 * Hashes of the word sequences of texts: enough to tell whether another text repeats them, and
 * nothing that could be read. Immutable.
 */
final class TextPrint {
  static final TextPrint EMPTY = new TextPrint(1, new long[0]);

  private final int length;
  private final long[] sorted;

  private TextPrint(int length, long[] sorted) {
    this.length = length;
    this.sorted = sorted;
  }

  /** Sequences of {@code length} words of the first {@code most} words of each text. */
  static TextPrint of(List<String> texts, int length, int most, InspectionBudget budget) {
    long[] hashes = new long[64];
    int count = 0;
    int left = most;
    for (String text : texts) {
      Words words = Words.of(text, left, budget);
      left -= words.size();
      for (int i = 0; i + length <= words.size(); i++) {
        if (count == hashes.length) {
          hashes = Arrays.copyOf(hashes, 2 * count);
        }
        hashes[count++] = words.shingle(i, length);
      }
    }
    long[] sorted = Arrays.copyOf(hashes, count);
    Arrays.sort(sorted);
    return new TextPrint(length, sorted);
  }

  int bytes() {
    return Long.BYTES * sorted.length;
  }

  boolean contains(long shingle) {
    return Arrays.binarySearch(sorted, shingle) >= 0;
  }

  /** Sequences of the words that are in the print. */
  int overlap(Words words) {
    int overlap = 0;
    for (int i = 0; sorted.length > 0 && i + length <= words.size(); i++) {
      overlap += contains(words.shingle(i, length)) ? 1 : 0;
    }
    return overlap;
  }
}
