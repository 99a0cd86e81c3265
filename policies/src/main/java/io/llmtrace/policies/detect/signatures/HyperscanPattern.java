package io.llmtrace.policies.detect.signatures;

import io.llmtrace.policies.detect.signatures.PatternTree.Choice;
import io.llmtrace.policies.detect.signatures.PatternTree.Empty;
import io.llmtrace.policies.detect.signatures.PatternTree.Literal;
import io.llmtrace.policies.detect.signatures.PatternTree.OneOf;
import io.llmtrace.policies.detect.signatures.PatternTree.Repeat;
import io.llmtrace.policies.detect.signatures.PatternTree.Sequence;
import io.llmtrace.policies.detect.signatures.PatternTree.WordBoundary;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/**
 * Writes a pattern for Hyperscan, over the symbols of {@link Fold}: it matches wherever the RE2
 * pattern does, and at more places, because assertions and case are gone and wide gaps are open.
 */
final class HyperscanPattern {
  /** Gaps that may be wider become open: counting costs Hyperscan more than RE2/J costs us. */
  static final int WIDEST_COUNTED = 4;

  /** Times that an open part is written out at most. */
  static final int MOST_COUNTED = 8;

  /**
   * Instructions of a pattern above which only its literals are written, in their order: Hyperscan
   * would build an automaton of many megabytes and seconds.
   */
  private static final int LARGE = 1500;

  private final StringBuilder out = new StringBuilder();

  private HyperscanPattern() {}

  static String of(PatternTree tree) {
    HyperscanPattern pattern = new HyperscanPattern();
    PatternFacts facts = PatternFacts.of(tree);
    if (PatternFacts.size(tree) > LARGE && !facts.required().isEmpty()) {
      pattern.chain(facts.required());
    } else {
      pattern.write(tree);
    }
    return pattern.out.toString();
  }

  private void chain(List<Set<String>> sets) {
    for (int i = 0; i < sets.size(); i++) {
      out.append(i == 0 ? "(?:" : "[\\x00-\\xff]*(?:");
      boolean first = true;
      for (String literal : sets.get(i)) {
        out.append(first ? "" : "|");
        first = false;
        for (int k = 0; k < literal.length(); k++) {
          if (literal.charAt(k) != PatternFacts.BOUNDARY) {
            symbol(Fold.symbol(literal.charAt(k)));
          }
        }
      }
      out.append(')');
    }
  }

  private void write(PatternTree tree) {
    if (tree instanceof Literal literal) {
      for (char c : Character.toChars(literal.codePoint())) {
        symbol(Fold.symbol(c));
      }
    } else if (tree instanceof OneOf oneOf) {
      set(oneOf.members().symbols());
      if (oneOf.members().hasSupplementary()) {
        out.append("{1,2}");
      }
    } else if (tree instanceof Sequence sequence) {
      sequence.parts().forEach(this::write);
    } else if (tree instanceof Choice choice) {
      choice(choice);
    } else if (tree instanceof Repeat repeat) {
      repeat(repeat);
    }
  }

  private void choice(Choice choice) {
    out.append("(?:");
    for (int i = 0; i < choice.options().size(); i++) {
      out.append(i == 0 ? "" : "|");
      write(choice.options().get(i));
    }
    out.append(')');
  }

  private void repeat(Repeat repeat) {
    if (repeat.part() instanceof Empty || repeat.part() instanceof WordBoundary) {
      return;
    }
    boolean twoUnits = false;
    if (repeat.part() instanceof OneOf oneOf) {
      set(oneOf.members().symbols());
      twoUnits = oneOf.members().hasSupplementary();
    } else {
      out.append("(?:");
      write(repeat.part());
      out.append(')');
    }
    if (repeat.most() > WIDEST_COUNTED) {
      out.append(
          repeat.least() == 0
              ? "*"
              : repeat.least() == 1 ? "+" : "{" + Math.min(repeat.least(), MOST_COUNTED) + ",}");
    } else {
      int most = twoUnits ? 2 * repeat.most() : repeat.most();
      out.append('{').append(repeat.least()).append(',').append(most).append('}');
    }
  }

  private void set(BitSet symbols) {
    if (symbols.isEmpty()) {
      // Nothing can match; neither can this.
      out.append("\\x00");
      return;
    }
    out.append('[');
    for (int from = symbols.nextSetBit(0); from >= 0; ) {
      int to = symbols.nextClearBit(from) - 1;
      symbol(from);
      if (to > from) {
        out.append('-');
        symbol(to);
      }
      from = symbols.nextSetBit(to + 1);
    }
    out.append(']');
  }

  private void symbol(int symbol) {
    out.append(String.format("\\x%02x", symbol));
  }
}
