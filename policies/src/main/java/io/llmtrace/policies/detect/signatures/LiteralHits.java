package io.llmtrace.policies.detect.signatures;

import java.util.Arrays;

/**
 * Where strings may end in a piece of text: states of a {@link LiteralAutomaton} and places, in the
 * order of the text, and each state once. Not thread-safe: one object notes one piece after another
 * and keeps its arrays, which is what makes it cheap.
 */
final class LiteralHits {
  /** The state of each hit; written by the automaton, as {@link #ends}. */
  int[] states = new int[0];

  /** The character after the one that led to the state. */
  int[] ends = new int[0];

  private int count;

  /** The states that were met, each once. */
  private int[] met = new int[256];

  private int metCount;

  /** For each state the piece in which it was met last. */
  private final int[] metIn;

  private int piece;

  /** For automata with so many states in which strings end. */
  LiteralHits(int endingStates) {
    this.metIn = new int[endingStates];
  }

  /** Makes room for a hit at each of {@code most} characters, and one that does not count. */
  void begin(int most) {
    count = 0;
    metCount = 0;
    if (states.length <= most) {
      states = new int[most + 1];
      ends = new int[most + 1];
    }
  }

  /** Takes what was written: so many hits. */
  void ended(int hits) {
    count = hits;
    if (piece == Integer.MAX_VALUE) {
      Arrays.fill(metIn, 0);
      piece = 0;
    }
    piece++;
    for (int hit = 0; hit < hits; hit++) {
      int state = states[hit];
      if (metIn[state] != piece) {
        metIn[state] = piece;
        if (metCount == met.length) {
          met = Arrays.copyOf(met, metCount * 2);
        }
        met[metCount++] = state;
      }
    }
  }

  int count() {
    return count;
  }

  int statesMet() {
    return metCount;
  }

  int stateMet(int index) {
    return met[index];
  }
}
