package io.llmtrace.policies.detect.signatures;

import io.llmtrace.policies.detect.signatures.PatternTree.Choice;
import io.llmtrace.policies.detect.signatures.PatternTree.Empty;
import io.llmtrace.policies.detect.signatures.PatternTree.Literal;
import io.llmtrace.policies.detect.signatures.PatternTree.OneOf;
import io.llmtrace.policies.detect.signatures.PatternTree.Repeat;
import io.llmtrace.policies.detect.signatures.PatternTree.Sequence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What every match of a pattern has in common, found without trying it.
 *
 * <p>The method is that of RE2's {@code prefilter.cc}: a part either stands for a few strings
 * exactly, which grow as parts are joined, or it is known that each of its matches holds one of a
 * set of strings. A match must hold one string of <em>each</em> required set.
 *
 * @param required up to {@link #MOST_SETS} sets of folded strings; empty when nothing is known
 * @param longest characters of the longest match; {@link PatternTree#UNBOUNDED} without limit
 */
record PatternFacts(List<Set<String>> required, int longest) {
  static final int MOST_SETS = 3;

  /** Strings in a set; above it, a prefilter would hit everywhere. */
  private static final int MOST_STRINGS = 160;

  /** Characters of a string: more tell hardly more. */
  private static final int LONGEST_STRING = 10;

  /** Strings that a part may stand for exactly. */
  private static final int MOST_EXACT = 64;

  private static final int MOST_MEMBERS = 8;

  /** Nothing is known. */
  static final PatternFacts NONE = new PatternFacts(List.of(), PatternTree.UNBOUNDED);

  PatternFacts {
    required = List.copyOf(required);
  }

  /** The facts of a pattern, {@link #NONE} when its syntax is not understood. */
  static PatternFacts of(String pattern) {
    try {
      return of(PatternParser.parse(pattern));
    } catch (UnsupportedOperationException e) {
      return NONE;
    }
  }

  static PatternFacts of(PatternTree tree) {
    Known known = known(tree);
    List<Set<String>> sets = new ArrayList<>(known.required());
    if (known.exact() != null) {
      sets.add(known.exact());
    }
    List<Set<String>> chosen =
        sets.stream()
            .map(PatternFacts::shortened)
            .filter(set -> worth(set) > 0)
            .sorted(Comparator.comparingInt(PatternFacts::worth).reversed())
            .distinct()
            .limit(MOST_SETS)
            .toList();
    return new PatternFacts(chosen, longest(tree));
  }

  boolean isBounded() {
    return longest != PatternTree.UNBOUNDED;
  }

  /**
   * What is known of a part.
   *
   * @param exact all strings that it matches; null when they are not known
   * @param required of each of these sets, a match holds a string
   */
  private record Known(@Nullable Set<String> exact, List<Set<String>> required) {}

  private static final Known NOTHING = new Known(null, List.of());

  private static Known known(PatternTree tree) {
    if (tree instanceof Literal literal) {
      int c = literal.codePoint();
      // A character of two units has its case in the second; let it stand for anything.
      return c >= Character.MIN_SUPPLEMENTARY_CODE_POINT
          ? supplementary(c)
          : exactly(Set.of(String.valueOf(Fold.fold((char) c))));
    } else if (tree instanceof OneOf oneOf) {
      List<String> members = oneOf.members().folded(MOST_MEMBERS);
      if (!members.isEmpty()) {
        return exactly(new LinkedHashSet<>(members));
      }
      List<String> units = oneOf.members().firstUnits(MOST_MEMBERS);
      return units.isEmpty() ? NOTHING : new Known(null, List.of(new LinkedHashSet<>(units)));
    } else if (tree instanceof Sequence sequence) {
      return sequence(sequence.parts());
    } else if (tree instanceof Choice choice) {
      return choice(choice.options());
    } else if (tree instanceof Repeat repeat) {
      return repeat(repeat);
    } else {
      return exactly(Set.of(""));
    }
  }

  /** Case pairs beyond the first plane share their first unit. */
  private static Known supplementary(int codePoint) {
    return new Known(null, List.of(Set.of(String.valueOf(Character.highSurrogate(codePoint)))));
  }

  private static Known exactly(Set<String> strings) {
    return new Known(strings, List.of());
  }

  private static Known sequence(List<PatternTree> parts) {
    List<Set<String>> required = new ArrayList<>();
    Set<String> joined = Set.of("");
    boolean whole = true;
    for (PatternTree part : parts) {
      Known known = known(part);
      required.addAll(known.required());
      Set<String> exact = known.exact();
      if (exact != null && joined.size() * exact.size() <= MOST_EXACT) {
        joined = product(joined, exact);
      } else {
        whole = false;
        required.add(joined);
        // What cannot be joined begins a new run, with the strings it stands for if it does.
        joined = exact == null ? Set.of("") : exact;
      }
    }
    if (whole) {
      return new Known(joined, required);
    }
    required.add(joined);
    return new Known(null, required.stream().filter(set -> worth(set) > 0).toList());
  }

  private static Set<String> product(Set<String> heads, Set<String> tails) {
    Set<String> product = new LinkedHashSet<>();
    for (String head : heads) {
      for (String tail : tails) {
        product.add(head + tail);
      }
    }
    return product;
  }

  private static Known choice(List<PatternTree> options) {
    Set<String> exact = new LinkedHashSet<>();
    Set<String> either = new LinkedHashSet<>();
    boolean isExact = true;
    boolean isKnown = true;
    for (PatternTree option : options) {
      Known known = known(option);
      Set<String> ofOption = known.exact();
      if (ofOption == null) {
        isExact = false;
        ofOption =
            known.required().stream()
                .max(Comparator.comparingInt(PatternFacts::worth))
                .orElse(Set.of());
      } else {
        exact.addAll(ofOption);
      }
      isKnown &= !ofOption.isEmpty() && !ofOption.contains("");
      either.addAll(ofOption);
    }
    if (isExact && exact.size() <= MOST_EXACT) {
      return exactly(exact);
    }
    return isKnown && worth(either) > 0 ? new Known(null, List.of(either)) : NOTHING;
  }

  private static Known repeat(Repeat repeat) {
    Known part = known(repeat.part());
    Set<String> exact = part.exact();
    if (repeat.least() == 1 && repeat.most() == 1) {
      return part;
    }
    if (repeat.most() == 0) {
      return exactly(Set.of(""));
    }
    if (repeat.least() == 0) {
      if (repeat.most() == 1 && exact != null && exact.size() < MOST_EXACT) {
        Set<String> strings = new LinkedHashSet<>(exact);
        strings.add("");
        return exactly(strings);
      }
      return NOTHING;
    }
    List<Set<String>> required = new ArrayList<>(part.required());
    if (exact != null) {
      required.add(exact);
    }
    return new Known(null, required.stream().filter(set -> worth(set) > 0).toList());
  }

  /** Cut to the length that is looked for, without strings that hold another one. */
  private static Set<String> shortened(Set<String> set) {
    List<String> strings =
        set.stream()
            .map(s -> s.length() <= LONGEST_STRING ? s : s.substring(0, LONGEST_STRING))
            .distinct()
            .sorted(Comparator.comparingInt(String::length).thenComparing(s -> s))
            .toList();
    Set<String> kept = new LinkedHashSet<>();
    for (String string : strings) {
      if (kept.stream().noneMatch(string::contains)) {
        kept.add(string);
      }
    }
    return kept;
  }

  /**
   * How much a set tells: the shortest string counts most, then how few they are. Zero or less when
   * it tells nothing.
   */
  private static int worth(Set<String> set) {
    if (set.isEmpty() || set.size() > MOST_STRINGS) {
      return 0;
    }
    int shortest = set.stream().mapToInt(PatternFacts::weight).min().orElse(0);
    // One ASCII letter is in every text.
    return shortest <= 1 ? 0 : shortest * 100 - Math.min(99, set.size() / 2);
  }

  /** A character beyond ASCII tells as much as three letters, a sign as much as two. */
  private static int weight(String string) {
    int weight = 0;
    for (int i = 0; i < Math.min(string.length(), LONGEST_STRING); i++) {
      char c = string.charAt(i);
      weight += c >= 128 ? 3 : Character.isLetter(c) ? 1 : c == ' ' ? 0 : 2;
    }
    return weight;
  }

  /** About how many instructions a pattern compiles to, counted without compiling it. */
  static long size(PatternTree tree) {
    if (tree instanceof Sequence sequence) {
      return sequence.parts().stream().mapToLong(PatternFacts::size).sum();
    } else if (tree instanceof Choice choice) {
      return choice.options().stream().mapToLong(option -> size(option) + 1).sum();
    } else if (tree instanceof Repeat repeat) {
      int times = repeat.most() == PatternTree.UNBOUNDED ? repeat.least() + 1 : repeat.most();
      return Math.min(Integer.MAX_VALUE, (size(repeat.part()) + 1) * Math.max(1, times));
    } else {
      return 1;
    }
  }

  private static int longest(PatternTree tree) {
    long length;
    if (tree instanceof Empty) {
      length = 0;
    } else if (tree instanceof Literal literal) {
      // RE2/J folds no character into one of another plane.
      length = Character.charCount(literal.codePoint());
    } else if (tree instanceof OneOf oneOf) {
      length = oneOf.members().hasSupplementary() ? 2 : 1;
    } else if (tree instanceof Sequence sequence) {
      length = sequence.parts().stream().mapToLong(PatternFacts::longest).sum();
    } else if (tree instanceof Choice choice) {
      length = choice.options().stream().mapToLong(PatternFacts::longest).max().orElse(0);
    } else {
      Repeat repeat = (Repeat) tree;
      long one = longest(repeat.part());
      length = one == 0 ? 0 : one * repeat.most();
      if (repeat.most() == PatternTree.UNBOUNDED && one > 0) {
        return PatternTree.UNBOUNDED;
      }
    }
    return (int) Math.min(length, PatternTree.UNBOUNDED);
  }
}
