package io.llmtrace.policies.detect.signatures;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Says of a piece of text whether a pattern may match in it, in one look at a table for each
 * character where RE2/J takes some eighty nanoseconds. It may say yes too often, never no.
 *
 * <p>A deterministic automaton whose states are made when a text first leads to them and kept, as
 * in RE2 (R. Cox, "Regular Expression Matching in the Wild", 2010). Thread-safe: threads read
 * without a lock, and a state's fields are final, so that whoever sees it sees all of it; only
 * making one is done by one thread at a time.
 */
final class LazyAutomaton {
  /** States kept; then all are forgotten and made anew. Some 50 KB for each pattern at most. */
  private static final int MOST_STATES = 200;

  /**
   * States that reading one piece makes at most; then the answer is yes. Each takes microseconds,
   * and whoever sends a text may choose it so that every character leads to a new one.
   */
  private static final int MOST_MADE = 64;

  private final SymbolGraph graph;
  private final byte[] classOf;
  private final int classes;
  private final Map<Nodes, State> known = new HashMap<>();
  private volatile State start;

  /** Nodes reached while a state is made; and whether they were, by the number of the state. */
  private final int[] reached;

  private final int[] stack;
  private final int[] marks;
  private int mark;

  private LazyAutomaton(SymbolGraph graph) {
    this.graph = graph;
    this.classOf = graph.classOf();
    this.classes = graph.classes();
    this.reached = new int[graph.nodes()];
    this.stack = new int[2 * graph.nodes() + 2];
    this.marks = new int[graph.nodes()];
    this.start = first();
  }

  /** The automaton of a pattern; says yes to everything where {@link SymbolGraph} does. */
  static LazyAutomaton of(String pattern) {
    return new LazyAutomaton(SymbolGraph.of(pattern));
  }

  /** A set of nodes, by value. */
  private static final class Nodes {
    private final int[] nodes;

    Nodes(int[] nodes) {
      this.nodes = nodes;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Nodes that && Arrays.equals(nodes, that.nodes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(nodes);
    }
  }

  /** Where all matches that have begun stand. */
  private static final class State {
    final int[] nodes;
    final boolean matches;

    /** The state after a symbol of each class if a match may begin there too, … */
    final @Nullable State[] searching;

    /** … and if none may. */
    final @Nullable State[] ending;

    State(int[] nodes, boolean matches, int classes) {
      this.nodes = nodes;
      this.matches = matches;
      this.searching = new State[classes];
      this.ending = new State[classes];
    }
  }

  /**
   * Whether a match may begin at one of the characters {@code [first, last]} and end before the
   * character {@code to}.
   */
  boolean mayMatch(char[] text, int first, int last, int to) {
    State state = start;
    int made = 0;
    if (state.matches) {
      return true;
    }
    for (int i = first; i < to; i++) {
      int symbolClass = classOf[Fold.symbol(text[i])];
      boolean begins = i < last;
      State next = (begins ? state.searching : state.ending)[symbolClass];
      if (next == null) {
        if (++made > MOST_MADE) {
          return true;
        }
        next = make(state, symbolClass, begins);
      }
      if (next.matches) {
        return true;
      }
      if (next.nodes.length == 0) {
        return false;
      }
      state = next;
    }
    return false;
  }

  private State first() {
    mark++;
    return state(reach(graph.root(), 0));
  }

  private synchronized State make(State state, int symbolClass, boolean begins) {
    if (known.size() >= MOST_STATES) {
      known.clear();
      start = first();
    }
    mark++;
    int count = 0;
    for (int node : state.nodes) {
      if (graph.takes(node, symbolClass)) {
        count = reach(graph.next(node), count);
      }
    }
    if (begins) {
      // Its nodes are part of every state that is searching: the next match may begin behind.
      count = reach(graph.root(), count);
    }
    State made = state(count);
    (begins ? state.searching : state.ending)[symbolClass] = made;
    return made;
  }

  private State state(int count) {
    boolean matches = marks[SymbolGraph.MATCH] == mark;
    int[] nodes = Arrays.copyOf(reached, count);
    Arrays.sort(nodes);
    return known.computeIfAbsent(new Nodes(nodes), set -> new State(set.nodes, matches, classes));
  }

  /** Adds all nodes that take a symbol and are reached from one without any; how many there are. */
  private int reach(int from, int before) {
    int count = before;
    int depth = 0;
    stack[depth++] = from;
    while (depth > 0) {
      int node = stack[--depth];
      if (node < 0 || marks[node] == mark) {
        continue;
      }
      marks[node] = mark;
      if (node == SymbolGraph.MATCH || graph.takesSymbol(node)) {
        reached[count++] = node;
      } else {
        stack[depth++] = graph.other(node);
        stack[depth++] = graph.next(node);
      }
    }
    return count;
  }
}
