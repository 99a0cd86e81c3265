package io.llmtrace.policies.detect.signatures;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Where in a text matches of rules may begin, by the literals that every match holds. Thread-safe.
 *
 * <p>Texts are full of literals, since most are common words and signs, but hold hardly any rule's
 * whole. So a piece is read in two steps: an automaton notes where literals may end; then only the
 * literals of rules of which each set was met are looked at, in their order. What the others would
 * say never makes a range.
 */
final class LiteralRanges {
  /** Places at which matches of a rule may begin, {@code [first, last]}. */
  record Range(int rule, int first, int last) {}

  /** Marks a rule's last set in {@link #uses}, … */
  private static final int LAST = 1;

  /** … and its first. */
  private static final int FIRST = 2;

  private static final int MARKS = 2;

  private final int rules;
  private final LiteralAutomaton automaton;

  /**
   * For each literal the sets that hold it: a rule's number times the most sets and the set's own,
   * before {@link #FIRST} and {@link #LAST}.
   */
  private final int[][] uses;

  /** For each rule a bit for each of its sets. */
  private final byte[] all;

  private final ThreadLocal<Piece> pieces;

  /**
   * Ranges of rules.
   *
   * @param required for each rule sets of folded strings, at most {@link PatternFacts#MOST_SETS},
   *     of which each match holds one of each, in this order; a rule without any gets no ranges
   */
  LiteralRanges(List<List<Set<String>>> required) {
    this.rules = required.size();
    this.all = new byte[rules];
    Map<String, List<Integer>> literals = new LinkedHashMap<>();
    for (int r = 0; r < rules; r++) {
      List<Set<String>> sets = required.get(r);
      all[r] = (byte) ((1 << sets.size()) - 1);
      for (int s = 0; s < sets.size(); s++) {
        int slot = r * PatternFacts.MOST_SETS + s;
        int use = slot << MARKS | (s == 0 ? FIRST : 0) | (s == sets.size() - 1 ? LAST : 0);
        for (String literal : sets.get(s)) {
          literals.computeIfAbsent(literal, l -> new ArrayList<>()).add(use);
        }
      }
    }
    this.automaton = new LiteralAutomaton(List.copyOf(literals.keySet()));
    this.uses =
        literals.values().stream()
            .map(each -> each.stream().mapToInt(Integer::intValue).toArray())
            .toArray(int[][]::new);
    this.pieces = ThreadLocal.withInitial(Piece::new);
  }

  int states() {
    return automaton.states();
  }

  /**
   * Finds the ranges of a piece of text, those of one rule from the left to the right.
   *
   * @param before where the piece begins
   * @param from first character behind which a match has to end
   * @param to where the piece ends
   * @param longest characters of the longest match of each rule
   * @param wanted of which rules ranges are wanted
   */
  void find(
      char[] text,
      int before,
      int from,
      int to,
      int[] longest,
      IntPredicate wanted,
      List<Range> ranges) {
    Piece piece = pieces.get();
    automaton.scan(text, before, to, piece.hits);
    if (piece.choose(wanted)) {
      piece.read(text, new Chains(from, longest, ranges));
    }
  }

  /** What one thread reads its pieces with; arrays are made once, since there are many entries. */
  private final class Piece {
    final LiteralHits hits = new LiteralHits(automaton.endingStates());

    /** For each rule a bit for each set of which a literal was met; and whether it was chosen. */
    private final byte[] met = new byte[rules];

    private final boolean[] chosen = new boolean[rules];

    /** Number of the piece: what an array says of another is not looked at. */
    private int number;

    /** The literals that were met, each once. */
    private int[] literals = new int[256];

    private int literalCount;
    private final int[] literalIn = new int[automaton.literals()];

    /** The uses of literals by rules that were chosen, and for each literal from and to in them. */
    private int[] live = new int[256];

    private final int[] liveFrom = new int[automaton.literals()];
    private final int[] liveTo = new int[automaton.literals()];

    /** For each state the piece in which a literal with such uses ended last. */
    private final int[] stateIn = new int[automaton.endingStates()];

    /** Chooses the rules of which a literal of each set was met; whether there are any. */
    boolean choose(IntPredicate wanted) {
      next();
      boolean any = false;
      for (int i = 0; i < hits.statesMet(); i++) {
        for (int literal : automaton.ending(hits.stateMet(i))) {
          any |= literalIn[literal] != number && meet(literal, wanted);
        }
      }
      return any;
    }

    private void next() {
      if (number == Integer.MAX_VALUE) {
        Arrays.fill(literalIn, 0);
        Arrays.fill(stateIn, 0);
        number = 0;
      }
      number++;
      literalCount = 0;
      Arrays.fill(met, (byte) 0);
      Arrays.fill(chosen, false);
    }

    private boolean meet(int literal, IntPredicate wanted) {
      literalIn[literal] = number;
      if (literalCount == literals.length) {
        literals = Arrays.copyOf(literals, literalCount * 2);
      }
      literals[literalCount++] = literal;
      boolean any = false;
      for (int use : uses[literal]) {
        int slot = use >> MARKS;
        int rule = slot / PatternFacts.MOST_SETS;
        byte before = met[rule];
        met[rule] |= (byte) (1 << slot % PatternFacts.MOST_SETS);
        if (met[rule] == all[rule] && before != all[rule] && wanted.test(rule)) {
          chosen[rule] = true;
          any = true;
        }
      }
      return any;
    }

    /** Reads the hits again, for the rules that were chosen. */
    void read(char[] text, Chains chains) {
      keepLive();
      for (int hit = 0; hit < hits.count(); hit++) {
        int state = hits.states[hit];
        if (stateIn[state] != number) {
          continue;
        }
        int end = hits.ends[hit];
        for (int literal : automaton.ending(state)) {
          if (liveFrom[literal] < liveTo[literal]) {
            int start = automaton.start(literal, text, end);
            if (start >= 0) {
              chains.hit(live, liveFrom[literal], liveTo[literal], start, end);
            }
          }
        }
      }
    }

    private void keepLive() {
      int count = 0;
      for (int i = 0; i < literalCount; i++) {
        int literal = literals[i];
        int[] mine = uses[literal];
        if (live.length < count + mine.length) {
          live = Arrays.copyOf(live, Math.max(count + mine.length, live.length * 2));
        }
        liveFrom[literal] = count;
        for (int use : mine) {
          if (chosen[(use >> MARKS) / PatternFacts.MOST_SETS]) {
            live[count++] = use;
          }
        }
        liveTo[literal] = count;
      }
      for (int i = 0; i < hits.statesMet(); i++) {
        int state = hits.stateMet(i);
        for (int literal : automaton.ending(state)) {
          if (liveFrom[literal] < liveTo[literal]) {
            stateIn[state] = number;
            break;
          }
        }
      }
    }
  }

  /** Turns literals that were found into ranges. */
  private final class Chains {
    private final int from;
    private final int[] longest;

    /**
     * For each set of each rule, one more than where the latest chain began that has a literal of
     * each set up to this one, in their order; 0 for none.
     */
    private final int[] chains = new int[rules * PatternFacts.MOST_SETS];

    /** For each rule one more than the place of its latest range; 0 for none. */
    private final int[] open = new int[rules];

    private final List<Range> ranges;

    Chains(int from, int[] longest, List<Range> ranges) {
      this.from = from;
      this.longest = longest;
      this.ranges = ranges;
    }

    /**
     * A match begins no earlier than its longest length before the end of its last literal, and no
     * later than its first literal. The latest chain will do: the one that a match holds is no
     * later.
     */
    void hit(int[] uses, int firstUse, int endOfUses, int start, int end) {
      int[] mine = chains;
      for (int i = firstUse; i < endOfUses; i++) {
        int use = uses[i];
        int slot = use >> MARKS;
        if ((use & (FIRST | LAST)) == FIRST) {
          mine[slot] = Math.max(mine[slot], start + 1);
        } else if ((use & FIRST) != 0) {
          extend(slot, use, Math.max(mine[slot], start + 1), end);
        } else if (mine[slot - 1] != 0) {
          extend(slot, use, mine[slot - 1], end);
        }
      }
    }

    private void extend(int slot, int use, int chain, int end) {
      int rule = slot / PatternFacts.MOST_SETS;
      int earliest = Math.max(0, end - longest[rule]);
      if (chain - 1 < earliest) {
        return;
      }
      chains[slot] = chain;
      if ((use & LAST) != 0 && end > from) {
        add(rule, earliest, chain - 1);
      }
    }

    private void add(int rule, int first, int last) {
      int previous = open[rule] - 1;
      if (previous >= 0 && ranges.get(previous).last() >= first - 1) {
        Range range = ranges.get(previous);
        ranges.set(
            previous,
            new Range(rule, Math.min(range.first(), first), Math.max(range.last(), last)));
      } else {
        ranges.add(new Range(rule, first, last));
        open[rule] = ranges.size();
      }
    }
  }
}
