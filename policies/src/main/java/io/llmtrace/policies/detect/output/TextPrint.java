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
  static final TextPrint EMPTY = new TextPrint(new long[0]);

  private final long[] sorted;

  private TextPrint(long[] sorted) {
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
    return new TextPrint(sorted);
  }

  int bytes() {
    return Long.BYTES * sorted.length;
  }

  boolean contains(long shingle) {
    return Arrays.binarySearch(sorted, shingle) >= 0;
  }
}
