package io.llmtrace.policies.detect.signatures;

import io.llmtrace.policies.detect.signatures.PatternTree.Choice;
import io.llmtrace.policies.detect.signatures.PatternTree.Literal;
import io.llmtrace.policies.detect.signatures.PatternTree.OneOf;
import io.llmtrace.policies.detect.signatures.PatternTree.Repeat;
import io.llmtrace.policies.detect.signatures.PatternTree.Sequence;
import io.llmtrace.policies.detect.signatures.PatternTree.WordBoundary;
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
 * set of strings. A match must hold one string of <em>each</em> required set, in the order of the
 * sets. Other than there, a string knows where a word must begin or end: that is {@link #BOUNDARY}.
 *
 * @param required up to {@link #MOST_SETS} sets of folded strings; empty when nothing is known
 * @param longest characters of the longest match in a text without surrogates; {@link
 *     PatternTree#UNBOUNDED} without limit
 * @param longestOfAll the same in any text
 */
record PatternFacts(List<Set<String>> required, int longest, int longestOfAll) {
  static final int MOST_SETS = 4;

  /** Stands at the ends of a string where the pattern has {@code \b}. No folded text holds it. */
  static final char BOUNDARY = 0;

  /** Strings in a set; above it, a prefilter would hit everywhere. */
  private static final int MOST_STRINGS = 160;

  /** Characters of a string: more tell hardly more. */
  private static final int LONGEST_STRING = 10;

  /** Strings that a part may stand for exactly. */
  private static final int MOST_EXACT = 64;

  private static final int MOST_MEMBERS = 8;

  /** Nothing is known. */
  static final PatternFacts NONE =
      new PatternFacts(List.of(), PatternTree.UNBOUNDED, PatternTree.UNBOUNDED);

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
    List<Set<String>> useful =
        sets.stream().map(PatternFacts::shortened).filter(set -> worth(set) > 0).toList();
    List<Set<String>> best =
        useful.stream()
            .sorted(Comparator.comparingInt(PatternFacts::worth).reversed())
            .limit(MOST_SETS)
            .toList();
    // In the order of the pattern, not of their worth.
    List<Set<String>> chosen = useful.stream().filter(best::contains).limit(MOST_SETS).toList();
    return new PatternFacts(chosen, longest(tree, 1), longest(tree, 2));
  }

  boolean isBounded() {
    return longest != PatternTree.UNBOUNDED;
  }

  /**
   * What is known of a part: either all strings that it matches, or sets of which a match holds a
   * string each.
   *
   * @param exact all strings that it matches; null when they are not known
   * @param required in their order; empty where {@code exact} is known
   */
  private record Known(@Nullable Set<String> exact, List<Set<String>> required) {}

  private static final Known NOTHING = new Known(null, List.of());

  private static Known known(PatternTree tree) {
    if (tree instanceof Literal literal) {
      int c = literal.codePoint();
      if (c == BOUNDARY) {
        return NOTHING;
      }
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
    } else if (tree instanceof WordBoundary) {
      return exactly(Set.of(String.valueOf(BOUNDARY)));
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
      Set<String> exact = known.exact();
      if (exact != null && joined.size() * exact.size() <= MOST_EXACT) {
        joined = product(joined, exact);
      } else {
        whole = false;
        required.add(joined);
        required.addAll(known.required());
        // What cannot be joined begins a new run, with the strings it stands for if it does.
        joined = exact == null ? Set.of("") : exact;
      }
    }
    if (whole) {
      return exactly(joined);
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

  private static Set<String> power(Set<String> strings, int times) {
    Set<String> power = strings;
    for (int i = 1; i < Math.min(times, LONGEST_STRING); i++) {
      if (power.size() * strings.size() > MOST_EXACT) {
        return power;
      }
      power = product(power, strings);
    }
    return power;
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
      required.add(power(exact, repeat.least()));
    }
    return new Known(null, required.stream().filter(set -> worth(set) > 0).toList());
  }

  /** Cut to the length that is looked for, without strings that hold another one. */
  private static Set<String> shortened(Set<String> set) {
    List<String> strings =
        set.stream()
            .map(PatternFacts::shortened)
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

  /** Boundaries stay at the ends only. */
  private static String shortened(String string) {
    String mark = String.valueOf(BOUNDARY);
    String bare = string.replace(mark, "");
    String start = string.startsWith(mark) ? mark : "";
    if (bare.length() > LONGEST_STRING) {
      return start + bare.substring(0, LONGEST_STRING);
    }
    return bare.isEmpty() ? "" : start + bare + (string.endsWith(mark) ? mark : "");
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
    int marks = 0;
    for (int i = 0; i < Math.min(string.length(), LONGEST_STRING); i++) {
      char c = string.charAt(i);
      if (c == BOUNDARY) {
        marks++;
      } else {
        weight += c >= 128 ? 3 : Character.isLetter(c) ? 1 : c == ' ' ? 0 : 2;
      }
    }
    return weight == 0 ? 0 : weight + marks;
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

  /**
   * Characters of the longest match.
   *
   * @param widest characters of a code point that a set of all of them may match
   */
  private static int longest(PatternTree tree, int widest) {
    long length = 0;
    if (tree instanceof Literal literal) {
      // RE2/J folds no character into one of another plane.
      length = Character.charCount(literal.codePoint());
    } else if (tree instanceof OneOf oneOf) {
      length =
          oneOf.members().isAllSupplementary()
              ? 2
              : oneOf.members().hasSupplementary() ? widest : 1;
    } else if (tree instanceof Sequence sequence) {
      length = sequence.parts().stream().mapToLong(part -> longest(part, widest)).sum();
    } else if (tree instanceof Choice choice) {
      length = choice.options().stream().mapToLong(part -> longest(part, widest)).max().orElse(0);
    } else if (tree instanceof Repeat repeat) {
      long one = longest(repeat.part(), widest);
      if (repeat.most() == PatternTree.UNBOUNDED && one > 0) {
        return PatternTree.UNBOUNDED;
      }
      length = one * repeat.most();
    }
    return (int) Math.min(length, PatternTree.UNBOUNDED);
  }
}
