package io.llmtrace.policies.detect.signatures;

import io.llmtrace.policies.detect.signatures.PatternTree.Choice;
import io.llmtrace.policies.detect.signatures.PatternTree.Empty;
import io.llmtrace.policies.detect.signatures.PatternTree.Literal;
import io.llmtrace.policies.detect.signatures.PatternTree.OneOf;
import io.llmtrace.policies.detect.signatures.PatternTree.Repeat;
import io.llmtrace.policies.detect.signatures.PatternTree.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A pattern as a nondeterministic automaton over classes of symbols of {@link Fold}, after K.
 * Thompson, "Regular expression search algorithm", CACM 11(6), 1968. Like {@link HyperscanPattern}
 * it matches wherever the RE2 pattern does, and at more places: assertions and case are gone and
 * wide gaps are open, since counting is what makes automata large. Immutable once built.
 */
final class SymbolGraph {
  /** No node. */
  private static final int NONE = -1;

  /** The node at which a match ends. */
  static final int MATCH = 0;

  /** Nodes of a pattern above which it is not worth the memory. */
  private static final int MOST_NODES = 6000;

  /** For each node its successor, … */
  private int[] next = new int[64];

  /** … the other one where the node takes no symbol, … */
  private int[] other = new int[64];

  /** … and the classes it takes, null where it takes no symbol. */
  private final List<@Nullable BitSet> taken = new ArrayList<>();

  private final byte[] classOf = new byte[Fold.SYMBOLS];
  private final int classes;
  private final int root;

  private SymbolGraph(PatternTree tree) {
    node(null, NONE, NONE);
    this.root = graph(tree, MATCH);
    this.classes = classify();
  }

  /** The graph of a pattern; one that matches everywhere if that cannot be understood, or large. */
  static SymbolGraph of(String pattern) {
    try {
      return new SymbolGraph(PatternParser.parse(pattern));
    } catch (UnsupportedOperationException e) {
      return new SymbolGraph(new Empty());
    }
  }

  int root() {
    return root;
  }

  int nodes() {
    return taken.size();
  }

  /** How many classes of symbols the pattern tells apart. */
  int classes() {
    return classes;
  }

  /** For each symbol its class. */
  byte[] classOf() {
    return classOf.clone();
  }

  /** Whether a node takes a symbol, rather than only leading to two others. */
  boolean takesSymbol(int node) {
    return taken.get(node) != null;
  }

  boolean takes(int node, int symbolClass) {
    BitSet set = taken.get(node);
    return set != null && set.get(symbolClass);
  }

  int next(int node) {
    return next[node];
  }

  /** The other successor of a node that takes no symbol. */
  int other(int node) {
    return other[node];
  }

  private int node(@Nullable BitSet symbols, int first, int second) {
    int node = taken.size();
    if (node == MOST_NODES) {
      throw new UnsupportedOperationException("more than " + MOST_NODES + " nodes");
    }
    if (node == next.length) {
      next = Arrays.copyOf(next, node * 2);
      other = Arrays.copyOf(other, node * 2);
    }
    taken.add(symbols);
    next[node] = first;
    other[node] = second;
    return node;
  }

  /** Adds a part that goes on at {@code after}; the node at which it begins. */
  private int graph(PatternTree tree, int after) {
    if (tree instanceof Literal literal) {
      int begin = after;
      char[] units = Character.toChars(literal.codePoint());
      for (int i = units.length - 1; i >= 0; i--) {
        BitSet symbol = new BitSet(Fold.SYMBOLS);
        symbol.set(Fold.symbol(units[i]));
        begin = node(symbol, begin, NONE);
      }
      return begin;
    } else if (tree instanceof OneOf oneOf) {
      BitSet symbols = oneOf.members().symbols();
      // A member of two units has both of them in the set.
      int rest =
          oneOf.members().hasSupplementary()
              ? node(null, after, node(symbols, after, NONE))
              : after;
      return node(symbols, rest, NONE);
    } else if (tree instanceof Sequence sequence) {
      int begin = after;
      for (int i = sequence.parts().size() - 1; i >= 0; i--) {
        begin = graph(sequence.parts().get(i), begin);
      }
      return begin;
    } else if (tree instanceof Choice choice) {
      int begin = NONE;
      for (PatternTree option : choice.options()) {
        int way = graph(option, after);
        begin = begin == NONE ? way : node(null, begin, way);
      }
      return begin == NONE ? after : begin;
    } else if (tree instanceof Repeat repeat) {
      return repeat(repeat, after);
    }
    return after;
  }

  private int repeat(Repeat repeat, int after) {
    int begin;
    if (repeat.most() > HyperscanPattern.WIDEST_COUNTED) {
      begin = node(null, after, NONE);
      // Not in one line: the array may be another one once the part has been added.
      int part = graph(repeat.part(), begin);
      other[begin] = part;
    } else {
      begin = after;
      for (int i = repeat.least(); i < repeat.most(); i++) {
        begin = node(null, after, graph(repeat.part(), begin));
      }
    }
    for (int i = 0; i < Math.min(repeat.least(), HyperscanPattern.MOST_COUNTED); i++) {
      begin = graph(repeat.part(), begin);
    }
    return begin;
  }

  /** Gives symbols that no node tells apart one class, and puts classes in place of symbols. */
  private int classify() {
    int count = 1;
    Map<BitSet, BitSet> seen = new HashMap<>();
    for (BitSet symbols : taken) {
      if (symbols != null && seen.put(symbols, symbols) == null) {
        count = parted(symbols, count);
      }
    }
    seen.replaceAll((symbols, same) -> classesOf(symbols));
    taken.replaceAll(symbols -> symbols == null ? null : seen.get(symbols));
    return count;
  }

  /** Parts each class into symbols that are in the set and that are not. */
  private int parted(BitSet symbols, int count) {
    int[] inside = new int[count];
    boolean[] outside = new boolean[count];
    Arrays.fill(inside, NONE);
    for (int s = 0; s < Fold.SYMBOLS; s++) {
      outside[classOf[s]] |= !symbols.get(s);
    }
    int now = count;
    for (int s = symbols.nextSetBit(0); s >= 0; s = symbols.nextSetBit(s + 1)) {
      int before = classOf[s];
      if (outside[before]) {
        if (inside[before] == NONE) {
          inside[before] = now++;
        }
        classOf[s] = (byte) inside[before];
      }
    }
    return now;
  }

  private BitSet classesOf(BitSet symbols) {
    BitSet set = new BitSet(Fold.SYMBOLS);
    symbols.stream().forEach(symbol -> set.set(classOf[symbol]));
    return set;
  }
}
