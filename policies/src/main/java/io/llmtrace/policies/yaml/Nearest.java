package io.llmtrace.policies.yaml;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Finds the key that somebody probably meant. Stateless. */
public final class Nearest {
  /** A longer word is no slip of the pen, and comparing it would take its length squared. */
  private static final int LONGEST = 64;

  private Nearest() {}

  /** The closest candidate within a third of the word's length in edits, and at least two. */
  public static Optional<String> to(String word, Collection<String> candidates) {
    if (word.length() > LONGEST) {
      return Optional.empty();
    }
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

  /**
   * Up to three candidates that somebody may have meant, as in " (did you mean a, b?)"; empty if
   * there is none. Beside small slips, a word that is part of a candidate counts.
   */
  public static String question(String word, Collection<String> candidates) {
    if (word.length() > LONGEST) {
      return "";
    }
    int bound = Math.max(2, word.length() / 3);
    List<String> near =
        candidates.stream()
            .filter(each -> distance(word, each) <= bound || isPart(word, each))
            .sorted(
                Comparator.comparingInt((String each) -> distance(word, each))
                    .thenComparing(each -> each))
            .limit(3)
            .toList();
    return near.isEmpty() ? "" : " (did you mean " + String.join(", ", near) + "?)";
  }

  private static boolean isPart(String word, String candidate) {
    return word.length() >= 3 && candidate.contains(word);
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
