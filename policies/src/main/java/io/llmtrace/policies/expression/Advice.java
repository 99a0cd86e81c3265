package io.llmtrace.policies.expression;

import java.util.Collection;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Suggestions. */
final class Advice {
  private static final int MOST_NAMES = 40;
  private static final int LONGEST_NAME = 64;

  private Advice() {}

  /** The known name that is nearly this one, or all of them. */
  static String nearest(String name, Collection<String> known) {
    String best = nearestOf(name, known);
    if (best != null) {
      return "did you mean '" + best + "'?";
    }
    return "there are: "
        + known.stream().limit(MOST_NAMES).collect(Collectors.joining(", "))
        + (known.size() > MOST_NAMES ? ", …" : "");
  }

  static @Nullable String nearestOf(String name, Collection<String> known) {
    if (name.length() > LONGEST_NAME) {
      return null;
    }
    String best = null;
    // A third of the letters may be wrong, and one in any case.
    int least = Math.max(1, name.length() / 3) + 1;
    for (String each : known) {
      int distance = distance(plain(name), plain(each));
      if (distance < least) {
        least = distance;
        best = each;
      }
    }
    return best;
  }

  private static String plain(String name) {
    return name.toLowerCase(java.util.Locale.ROOT).replace("_", "").replace("-", "");
  }

  /** Letters to change, add, leave out or exchange with their neighbour. */
  static int distance(String a, String b) {
    int[][] rows = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          rows[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int least =
            Math.min(rows[i - 1][j - 1] + change, 1 + Math.min(rows[i - 1][j], rows[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          least = Math.min(least, rows[i - 2][j - 2] + 1);
        }
        rows[i][j] = least;
      }
    }
    return rows[a.length()][b.length()];
  }
}
