package io.llmtrace.runtime.config;

import java.util.Collection;
import java.util.Optional;

/** Finds the key that somebody probably meant. */
final class Nearest {
  private Nearest() {}

  /** The closest candidate within a third of the word's length in edits, and at least two. */
  static Optional<String> to(String word, Collection<String> candidates) {
    int bound = Math.max(2, word.length() / 3);
    String best = null;
    for (String candidate : candidates) {
      int distance = distance(word, candidate);
      if (distance <= bound) {
        bound = distance - 1;
        best = candidate;
      }
    }
    return Optional.ofNullable(best);
  }

  /** Levenshtein's distance, two rows at a time. */
  static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
