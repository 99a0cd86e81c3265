package io.llmtrace.policies.detect.signatures;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds all of many strings in one pass, after A. V. Aho and M. J. Corasick, "Efficient string
 * matching", CACM 18(6), 1975, as a full transition table over the symbols of {@link Fold}, of
 * which those that no string holds share a column: thousands of states then stay in the processor's
 * cache. Immutable.
 */
final class LiteralAutomaton {
  /** Marks a transition to a state in which a string ends. */
  private static final int ENDS = 1 << 31;

  /** Letters, digits and the underscore of ASCII. */
  private static final boolean[] WORD = new boolean[128];

  static {
    for (char c = 0; c < WORD.length; c++) {
      WORD[c] = Character.isLetterOrDigit(c) || c == '_';
    }
  }

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

  /** What has to be looked at where a string ends: a word's start, its end, the characters. */
  private static final int WORD_START = 1;

  private static final int WORD_END = 2;
  private static final int BEYOND_ASCII = 4;
  private static final int MARKS = 3;

  private final String[] literals;

  /** For each string its length before the marks. */
  private final int[] lengths;

  /** For each character the column of its symbol; columns beside each other make a row. */
  private final byte[] columns = new byte[Character.MAX_VALUE + 1];

  private final int shift;

  /** For each state and column where the next state's row begins, and {@link #ENDS}. */
  private final int[] next;

  /** The strings that end in a state; null for most. */
  private final int[][] ending;

  /**
   * An automaton for folded strings, which must not be empty. With {@link PatternFacts#BOUNDARY} at
   * an end, a string counts only where RE2's {@code \b} holds.
   */
  LiteralAutomaton(List<String> marked) {
    String mark = String.valueOf(PatternFacts.BOUNDARY);
    this.literals = marked.stream().map(s -> s.replace(mark, "")).toArray(String[]::new);
    this.lengths = new int[literals.length];
    List<int[]> rows = new ArrayList<>();
    Map<Integer, List<Integer>> outputs = new LinkedHashMap<>();
    rows.add(new int[Fold.SYMBOLS]);
    for (int i = 0; i < literals.length; i++) {
      int state = 0;
      boolean ascii = literals[i].chars().allMatch(c -> c < 128);
      lengths[i] =
          literals[i].length() << MARKS
              | (ascii ? 0 : BEYOND_ASCII)
              | (marked.get(i).startsWith(mark) ? WORD_START : 0)
              | (marked.get(i).endsWith(mark) ? WORD_END : 0);
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
    byte[] columnOf = columns();
    for (int c = 0; c < columns.length; c++) {
      columns[c] = columnOf[Fold.symbol((char) c)];
    }
    this.shift = Integer.SIZE - Integer.numberOfLeadingZeros(maximum(columnOf));
    this.next = new int[rows.size() << shift];
    for (int s = 0; s < rows.size(); s++) {
      for (int symbol = 0; symbol < Fold.SYMBOLS; symbol++) {
        int state = rows.get(s)[symbol];
        next[s << shift | columnOf[symbol]] = state << shift | (ending[state] == null ? 0 : ENDS);
      }
    }
  }

  /** For each symbol its column: 0 for all that no string holds. */
  private byte[] columns() {
    byte[] columnOf = new byte[Fold.SYMBOLS];
    int count = 0;
    for (String literal : literals) {
      for (int i = 0; i < literal.length(); i++) {
        byte symbol = Fold.symbol(literal.charAt(i));
        if (columnOf[symbol] == 0) {
          columnOf[symbol] = (byte) ++count;
        }
      }
    }
    return columnOf;
  }

  private static int maximum(byte[] values) {
    int most = 0;
    for (byte value : values) {
      most = Math.max(most, value);
    }
    return most;
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
  void scan(char[] text, int from, int to, Sink sink) {
    int[] table = next;
    int row = 0;
    for (int i = from; i < to; i++) {
      row = table[row + columns[text[i]]];
      if (row < 0) {
        row &= ~ENDS;
        ended(row >>> shift, text, i + 1, sink);
      }
    }
  }

  private void ended(int state, char[] text, int end, Sink sink) {
    for (int literal : ending[state]) {
      int length = lengths[literal];
      int start = end - (length >> MARKS);
      if (((length & BEYOND_ASCII) == 0 || equal(literals[literal], text, start))
          && ((length & WORD_START) == 0 || isBoundary(text, start))
          && ((length & WORD_END) == 0 || isBoundary(text, end))) {
        sink.hit(literal, start, end);
      }
    }
  }

  /** Symbols beyond ASCII stand for many characters: this looks at the characters. */
  private static boolean equal(String literal, char[] text, int start) {
    for (int i = 0; i < literal.length(); i++) {
      if (Fold.fold(text[start + i]) != literal.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** RE2's {@code \b}: words are of ASCII letters, digits and {@code _}. */
  private static boolean isBoundary(char[] text, int at) {
    return isWord(text, at - 1) != isWord(text, at);
  }

  private static boolean isWord(char[] text, int at) {
    return at >= 0 && at < text.length && text[at] < WORD.length && WORD[text[at]];
  }

  @Override
  public String toString() {
    return states() + " states for " + Arrays.toString(literals);
  }
}
