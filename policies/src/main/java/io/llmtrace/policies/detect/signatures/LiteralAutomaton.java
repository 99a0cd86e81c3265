package io.llmtrace.policies.detect.signatures;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds all of many strings in one pass, after A. V. Aho and M. J. Corasick, "Efficient string
 * matching", CACM 18(6), 1975, as a full transition table over the symbols of {@link Fold}.
 * Immutable.
 */
final class LiteralAutomaton {
  /** Bits of a symbol. */
  private static final int SHIFT = 7;

  /** Hears of each string where it ends. */
  interface Sink {
    /**
     * A string was found.
     *
     * @param literal number of the string
     * @param start first character
     * @param end character after the last
     */
    void hit(int literal, int start, int end);
  }

  private final String[] literals;
  private final boolean[] ascii;
  private final boolean[] wordStart;
  private final boolean[] wordEnd;
  private final int[] next;
  private final int[][] ending;

  /**
   * An automaton for folded strings, which must not be empty. With {@link PatternFacts#BOUNDARY} at
   * an end, a string counts only where RE2's {@code \b} holds.
   */
  LiteralAutomaton(List<String> marked) {
    String mark = String.valueOf(PatternFacts.BOUNDARY);
    this.literals = marked.stream().map(s -> s.replace(mark, "")).toArray(String[]::new);
    this.ascii = new boolean[literals.length];
    this.wordStart = new boolean[literals.length];
    this.wordEnd = new boolean[literals.length];
    List<int[]> rows = new ArrayList<>();
    Map<Integer, List<Integer>> outputs = new LinkedHashMap<>();
    rows.add(new int[Fold.SYMBOLS]);
    for (int i = 0; i < literals.length; i++) {
      int state = 0;
      ascii[i] = literals[i].chars().allMatch(c -> c < 128);
      wordStart[i] = marked.get(i).startsWith(mark);
      wordEnd[i] = marked.get(i).endsWith(mark);
      for (char c : literals[i].toCharArray()) {
        int[] row = rows.get(state);
        byte symbol = Fold.symbol(c);
        if (row[symbol] == 0) {
          row[symbol] = rows.size();
          rows.add(new int[Fold.SYMBOLS]);
        }
        state = row[symbol];
      }
      outputs.computeIfAbsent(state, s -> new ArrayList<>()).add(i);
    }
    int[] fallback = completed(rows);
    this.next = new int[rows.size() << SHIFT];
    for (int s = 0; s < rows.size(); s++) {
      System.arraycopy(rows.get(s), 0, next, s << SHIFT, Fold.SYMBOLS);
    }
    // The scanner needs one look to know that nothing ends here: most states are null.
    this.ending = new int[rows.size()][];
    for (int s = 0; s < ending.length; s++) {
      List<Integer> all = new ArrayList<>();
      for (int t = s; t != 0; t = fallback[t]) {
        all.addAll(outputs.getOrDefault(t, List.of()));
      }
      if (!all.isEmpty()) {
        ending[s] = all.stream().mapToInt(Integer::intValue).toArray();
      }
    }
  }

  /** Fills the gaps of the table breadth first; returns each state's longest proper suffix. */
  private static int[] completed(List<int[]> rows) {
    int[] fallback = new int[rows.size()];
    ArrayDeque<Integer> queue = new ArrayDeque<>();
    for (int state : rows.get(0)) {
      if (state != 0) {
        queue.add(state);
      }
    }
    while (!queue.isEmpty()) {
      int state = queue.remove();
      int[] row = rows.get(state);
      int[] shorter = rows.get(fallback[state]);
      for (int symbol = 0; symbol < row.length; symbol++) {
        int child = row[symbol];
        if (child == 0) {
          row[symbol] = shorter[symbol];
        } else {
          fallback[child] = shorter[symbol];
          queue.add(child);
        }
      }
    }
    return fallback;
  }

  int states() {
    return ending.length;
  }

  String literal(int index) {
    return literals[index];
  }

  /** Reads characters {@code [from, to)}; strings that begin before {@code from} are not seen. */
  void scan(String text, int from, int to, Sink sink) {
    int[] table = next;
    int state = 0;
    for (int i = from; i < to; i++) {
      state = table[state << SHIFT | Fold.symbol(text.charAt(i))];
      int[] found = ending[state];
      if (found != null) {
        for (int literal : found) {
          int start = i + 1 - literals[literal].length();
          if ((ascii[literal] || equal(literals[literal], text, start))
              && (!wordStart[literal] || isBoundary(text, start))
              && (!wordEnd[literal] || isBoundary(text, i + 1))) {
            sink.hit(literal, start, i + 1);
          }
        }
      }
    }
  }

  /** Symbols beyond ASCII stand for many characters: this looks at the characters. */
  private static boolean equal(String literal, String text, int start) {
    for (int i = 0; i < literal.length(); i++) {
      if (Fold.fold(text.charAt(start + i)) != literal.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** RE2's {@code \b}: words are of ASCII letters, digits and {@code _}. */
  private static boolean isBoundary(String text, int at) {
    return isWord(text, at - 1) != isWord(text, at);
  }

  private static boolean isWord(String text, int at) {
    if (at < 0 || at >= text.length()) {
      return false;
    }
    char c = text.charAt(at);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }

  @Override
  public String toString() {
    return states() + " states for " + Arrays.toString(literals);
  }
}
