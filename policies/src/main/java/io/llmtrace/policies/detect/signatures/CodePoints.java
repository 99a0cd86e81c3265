package io.llmtrace.policies.detect.signatures;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A set of code points that may be too large, never too small: exact below U+0080 and for a few
 * others, "all the rest" beyond.
 */
final class CodePoints {
  /** Above so many members beyond ASCII, the set holds all of them. */
  private static final int MOST_SINGLE = 2048;

  /** Characters beyond ASCII that have the symbol of an ASCII letter. */
  private static final int[] STRAYS = strays();

  private final BitSet ascii = new BitSet(128);
  private final BitSet others = new BitSet();
  private boolean allOthers;

  static CodePoints everything() {
    CodePoints all = new CodePoints();
    all.ascii.set(0, 128);
    all.allOthers = true;
    return all;
  }

  void add(int from, int to) {
    if (from < 128) {
      ascii.set(from, Math.min(to, 127) + 1);
    }
    int start = Math.max(from, 128);
    if (to >= start) {
      if (to - start >= MOST_SINGLE || others.cardinality() + to - start >= MOST_SINGLE) {
        allOthers = true;
      } else {
        others.set(start, to + 1);
      }
    }
  }

  void addAll(CodePoints more) {
    ascii.or(more.ascii);
    others.or(more.others);
    allOthers |= more.allOthers;
  }

  boolean hasAny(char one, char other) {
    return ascii.get(one) || ascii.get(other);
  }

  /** All but the ASCII members; beyond ASCII everything, since exclusions there are not kept. */
  CodePoints complement(boolean caseMatters) {
    CodePoints rest = everything();
    for (int c = ascii.nextSetBit(0); c >= 0; c = ascii.nextSetBit(c + 1)) {
      // RE2 leaves out fewer characters with a letter than share its symbol, so letters stay.
      if (caseMatters || !Character.isLetter(c)) {
        rest.ascii.clear(c);
      }
    }
    return rest;
  }

  boolean hasSupplementary() {
    return allOthers || others.length() > Character.MIN_SUPPLEMENTARY_CODE_POINT;
  }

  boolean isAllSupplementary() {
    return !allOthers
        && ascii.isEmpty()
        && others.nextSetBit(0) >= Character.MIN_SUPPLEMENTARY_CODE_POINT;
  }

  /**
   * First units of the members, one of which each match holds; empty when a member has one unit, or
   * when they are more than {@code most}.
   */
  List<String> firstUnits(int most) {
    if (!isAllSupplementary()) {
      return List.of();
    }
    List<String> units = new ArrayList<>();
    for (int c = others.nextSetBit(0); c >= 0; c = others.nextSetBit(c + 1)) {
      String unit = String.valueOf(Character.highSurrogate(c));
      if (!units.contains(unit)) {
        units.add(unit);
      }
    }
    return units.size() > most ? List.of() : units;
  }

  /** Symbols that a member's characters may have. */
  BitSet symbols() {
    BitSet symbols = new BitSet(Fold.SYMBOLS);
    for (int c = ascii.nextSetBit(0); c >= 0; c = ascii.nextSetBit(c + 1)) {
      symbols.set(Fold.symbol((char) c));
    }
    if (allOthers) {
      for (byte symbol : Fold.OTHERS) {
        symbols.set(symbol);
      }
      for (int stray : STRAYS) {
        symbols.set(Fold.symbol((char) stray));
      }
    } else {
      for (int c = others.nextSetBit(0); c >= 0; c = others.nextSetBit(c + 1)) {
        for (char unit : Character.toChars(c)) {
          symbols.set(Fold.symbol(unit));
        }
      }
    }
    return symbols;
  }

  /** The members as folded strings; empty when there are more than {@code most}. */
  List<String> folded(int most) {
    if (allOthers
        || ascii.get(PatternFacts.BOUNDARY)
        || ascii.cardinality() + others.cardinality() > 2 * most) {
      return List.of();
    }
    List<String> strings = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      BitSet set = i == 0 ? ascii : others;
      for (int c = set.nextSetBit(0); c >= 0; c = set.nextSetBit(c + 1)) {
        if (c >= Character.MIN_SUPPLEMENTARY_CODE_POINT) {
          return List.of();
        }
        String folded = String.valueOf(Fold.fold((char) c));
        if (!strings.contains(folded)) {
          strings.add(folded);
        }
      }
    }
    return strings.size() > most ? List.of() : strings;
  }

  private static int[] strays() {
    List<Integer> strays = new ArrayList<>();
    for (int c = 128; c <= Character.MAX_VALUE; c++) {
      if (Fold.fold((char) c) < 128) {
        strays.add(c);
      }
    }
    return strays.stream().mapToInt(Integer::intValue).toArray();
  }
}
