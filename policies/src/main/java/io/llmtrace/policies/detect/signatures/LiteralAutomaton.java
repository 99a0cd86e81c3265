package io.llmtrace.policies.detect.signatures;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Finds all of many strings in one pass, after A. V. Aho and M. J. Corasick, "Efficient string
 * matching", CACM 18(6), 1975, as a full transition table over the symbols of {@link Fold}, of
 * which those that no string holds share a column: thousands of states then stay in the processor's
 * cache. Immutable.
 */
final class LiteralAutomaton {
  /** Letters, digits and the underscore of ASCII. */
  private static final boolean[] WORD = new boolean[128];

  static {
    for (char c = 0; c < WORD.length; c++) {
      WORD[c] = Character.isLetterOrDigit(c) || c == '_';
    }
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

  /** For each state and column where the next state's row begins. */
  private final int[] next;

  /** States in which no string ends come before all others: where the first other's row begins. */
  private final int firstEnding;

  /** The strings that end in each of the other states. */
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
    int[][] endingIn = new int[rows.size()][];
    for (int s = 0; s < endingIn.length; s++) {
      List<Integer> all = new ArrayList<>();
      for (int t = s; t != 0; t = fallback[t]) {
        all.addAll(outputs.getOrDefault(t, List.of()));
      }
      endingIn[s] = all.stream().mapToInt(Integer::intValue).toArray();
    }
    byte[] columnOf = columns();
    for (int c = 0; c < columns.length; c++) {
      columns[c] = columnOf[Fold.symbol((char) c)];
    }
    this.shift = Integer.SIZE - Integer.numberOfLeadingZeros(maximum(columnOf));
    // A comparison is all that the scanner needs to know whether a string ends.
    int[] numbers = numbers(endingIn);
    this.ending =
        Arrays.stream(endingIn).filter(strings -> strings.length > 0).toArray(int[][]::new);
    this.firstEnding = (rows.size() - ending.length) << shift;
    this.next = new int[rows.size() << shift];
    for (int s = 0; s < rows.size(); s++) {
      for (int symbol = 0; symbol < Fold.SYMBOLS; symbol++) {
        next[numbers[s] << shift | columnOf[symbol]] = numbers[rows.get(s)[symbol]] << shift;
      }
    }
  }

  /** New numbers of states: those in which no string ends, then the others, each in their order. */
  private static int[] numbers(int[][] endingIn) {
    int[] numbers = new int[endingIn.length];
    int count = 0;
    for (int s = 0; s < numbers.length; s++) {
      numbers[s] = endingIn[s].length == 0 ? count++ : 0;
    }
    for (int s = 0; s < numbers.length; s++) {
      numbers[s] = endingIn[s].length == 0 ? numbers[s] : count++;
    }
    return numbers;
  }

  /**
   * For each symbol its column: 0 for all that no string holds, then those that most strings hold,
   * so that what a text looks at mostly lies together.
   */
  private byte[] columns() {
    int[] counts = new int[Fold.SYMBOLS];
    for (String literal : literals) {
      for (int i = 0; i < literal.length(); i++) {
        counts[Fold.symbol(literal.charAt(i))]++;
      }
    }
    List<Integer> symbols =
        IntStream.range(0, Fold.SYMBOLS)
            .filter(symbol -> counts[symbol] > 0)
            .boxed()
            .sorted(Comparator.comparingInt(symbol -> -counts[symbol]))
            .toList();
    byte[] columnOf = new byte[Fold.SYMBOLS];
    for (int i = 0; i < symbols.size(); i++) {
      columnOf[symbols.get(i)] = (byte) (i + 1);
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
    return next.length >> shift;
  }

  /** States in which strings end; they have numbers of their own, from 0 on. */
  int endingStates() {
    return ending.length;
  }

  /** Strings that there are. */
  int literals() {
    return literals.length;
  }

  /**
   * Reads characters {@code [from, to)} and notes where strings may end; those that begin before
   * {@code from} are not seen.
   */
  void scan(char[] text, int from, int to, LiteralHits hits) {
    int[] table = next;
    int before = firstEnding - 1;
    hits.begin(to - from);
    int[] rows = hits.states;
    int[] ends = hits.ends;
    int count = 0;
    int row = 0;
    for (int i = from; i < to; i++) {
      row = table[row + columns[text[i]]];
      // Every third character ends a string, which no processor foresees: this asks nothing.
      rows[count] = row;
      ends[count] = i + 1;
      count += (before - row) >>> (Integer.SIZE - 1);
    }
    for (int hit = 0; hit < count; hit++) {
      rows[hit] = (rows[hit] - firstEnding) >> shift;
    }
    hits.ended(count);
  }

  /**
   * The strings that may end in a state, as {@link #start} says; the array is not to be written.
   */
  int[] ending(int state) {
    return ending[state];
  }

  /**
   * Where a string begins that may end before {@code end}; -1 if it does not stand there: a symbol
   * stands for many characters, and some strings end or begin where a word does.
   */
  int start(int literal, char[] text, int end) {
    int length = lengths[literal];
    int start = end - (length >> MARKS);
    boolean stands =
        ((length & BEYOND_ASCII) == 0 || equal(literals[literal], text, start))
            && ((length & WORD_START) == 0 || isBoundary(text, start))
            && ((length & WORD_END) == 0 || isBoundary(text, end));
    return stands ? start : -1;
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
