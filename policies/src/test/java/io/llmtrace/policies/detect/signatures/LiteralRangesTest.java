package io.llmtrace.policies.detect.signatures;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The ranges are those that looking at every literal of every rule makes, one after another in the
 * order of the text: what {@link LiteralRanges} leaves out never made one.
 */
class LiteralRangesTest {
  private static final String MARK = String.valueOf(PatternFacts.BOUNDARY);
  private static final int MOST_SETS = PatternFacts.MOST_SETS;

  @Test
  void rules_of_few_letters_have_the_ranges_that_all_their_literals_make() {
    Random random = new Random(7);
    int found = 0;
    for (int i = 0; i < 150; i++) {
      List<List<Set<String>>> rules = rules(random);
      LiteralRanges ranges = new LiteralRanges(rules);
      // The same object reads text after text: nothing of one may be left for the next.
      for (int k = 0; k < 12; k++) {
        String text = text(random, random.nextInt(300));
        found += same(ranges, rules, text, random);
      }
    }
    assertThat(found).isGreaterThan(2_000);
  }

  @Test
  void the_shipped_rules_have_the_ranges_that_all_their_literals_make() {
    List<SignatureRule> shipped = SignaturePack.builtIn().rules();
    List<List<Set<String>>> rules =
        shipped.stream().map(rule -> rule.pattern().facts().required()).toList();
    LiteralRanges ranges = new LiteralRanges(rules);
    Random random = new Random(11);
    List<String> words =
        rules.stream().flatMap(List::stream).flatMap(Set::stream).distinct().sorted().toList();
    int found = 0;
    for (int i = 0; i < 5; i++) {
      StringBuilder text = new StringBuilder();
      while (text.length() < 1200) {
        String word = words.get(random.nextInt(words.size())).replace(MARK, "");
        text.append(random.nextInt(3) == 0 ? text(random, random.nextInt(9)) : word);
        text.append(" ".repeat(random.nextInt(3)));
      }
      found += same(ranges, rules, text.toString(), random);
    }
    assertThat(found).isGreaterThan(50);
  }

  /** Compares on a piece that begins and ends anywhere; how many ranges there were. */
  private static int same(
      LiteralRanges ranges, List<List<Set<String>>> rules, String text, Random random) {
    boolean whole = random.nextBoolean();
    int to = whole ? text.length() : random.nextInt(text.length() + 1);
    int before = whole ? 0 : random.nextInt(to + 1);
    int from = before + random.nextInt(to - before + 1);
    int[] longest = random.ints(rules.size(), 1, 120).toArray();
    BitSet unwanted = new BitSet();
    random.ints(rules.size() / 4, 0, rules.size()).forEach(unwanted::set);
    char[] chars = text.toCharArray();
    List<LiteralRanges.Range> found = new ArrayList<>();
    ranges.find(chars, before, from, to, longest, rule -> !unwanted.get(rule), found);
    found.sort(Comparator.comparingInt(LiteralRanges.Range::rule));
    List<LiteralRanges.Range> expected =
        expected(rules, chars, before, from, to, longest, unwanted);
    assertThat(found).as("%s in [%d, %d, %d)", text, before, from, to).isEqualTo(expected);
    return expected.size();
  }

  /** Every rule on its own, every literal of it at every place. */
  private static List<LiteralRanges.Range> expected(
      List<List<Set<String>>> rules,
      char[] text,
      int before,
      int from,
      int to,
      int[] longest,
      BitSet unwanted) {
    List<LiteralRanges.Range> ranges = new ArrayList<>();
    for (int rule = 0; rule < rules.size(); rule++) {
      if (!unwanted.get(rule)) {
        ranges.addAll(ofRule(rule, rules.get(rule), text, before, from, to, longest[rule]));
      }
    }
    return ranges;
  }

  private static List<LiteralRanges.Range> ofRule(
      int rule, List<Set<String>> sets, char[] text, int before, int from, int to, int longest) {
    List<LiteralRanges.Range> ranges = new ArrayList<>();
    // For each set where the latest chain began that has a literal of each set up to it; or -1.
    int[] chains = new int[MOST_SETS];
    java.util.Arrays.fill(chains, -1);
    for (int end = before + 1; end <= to; end++) {
      for (Ending ending : endings(sets, text, before, end)) {
        int set = ending.set();
        int chain = set == 0 ? Math.max(chains[0], ending.start()) : chains[set - 1];
        boolean last = set == sets.size() - 1;
        int earliest = Math.max(0, end - longest);
        // How long a match is is only asked where a chain is made longer.
        if (chain < 0 || (chain < earliest && (set > 0 || last))) {
          continue;
        }
        chains[set] = chain;
        if (last && end > from) {
          add(ranges, rule, earliest, chain);
        }
      }
    }
    return ranges;
  }

  private static void add(List<LiteralRanges.Range> ranges, int rule, int first, int last) {
    LiteralRanges.Range open = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
    if (open == null || open.last() < first - 1) {
      ranges.add(new LiteralRanges.Range(rule, first, last));
      return;
    }
    ranges.set(
        ranges.size() - 1,
        new LiteralRanges.Range(rule, Math.min(open.first(), first), Math.max(open.last(), last)));
  }

  /** A literal of a set that ends at a place. */
  private record Ending(int set, int start) {}

  /** The longest first, and of one literal the later sets last. */
  private static List<Ending> endings(List<Set<String>> sets, char[] text, int before, int end) {
    List<Ending> endings = new ArrayList<>();
    for (int set = 0; set < sets.size(); set++) {
      for (String marked : sets.get(set)) {
        String literal = marked.replace(MARK, "");
        int start = end - literal.length();
        if (start >= before
            && stands(literal, text, start)
            && (!marked.startsWith(MARK) || isBoundary(text, start))
            && (!marked.endsWith(MARK) || isBoundary(text, end))) {
          endings.add(new Ending(set, start));
        }
      }
    }
    endings.sort(Comparator.comparingInt(Ending::start));
    return endings;
  }

  private static boolean stands(String literal, char[] text, int start) {
    for (int i = 0; i < literal.length(); i++) {
      if (Fold.fold(text[start + i]) != literal.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isBoundary(char[] text, int at) {
    return isWord(text, at - 1) != isWord(text, at);
  }

  private static boolean isWord(char[] text, int at) {
    return at >= 0
        && at < text.length
        && text[at] < 128
        && (Character.isLetterOrDigit(text[at]) || text[at] == '_');
  }

  private static List<List<Set<String>>> rules(Random random) {
    List<List<Set<String>>> rules = new ArrayList<>();
    int count = 1 + random.nextInt(12);
    for (int r = 0; r < count; r++) {
      List<Set<String>> sets = new ArrayList<>();
      // Sets that share no literal: in what order one literal counts for two is nobody's business.
      Set<String> taken = new LinkedHashSet<>();
      int most = random.nextInt(MOST_SETS + 1);
      for (int s = 0; s < most; s++) {
        Set<String> set = new LinkedHashSet<>();
        for (int k = 0; k <= random.nextInt(3); k++) {
          String literal = literal(random);
          if (taken.add(literal.replace(MARK, ""))) {
            set.add(literal);
          }
        }
        if (!set.isEmpty()) {
          sets.add(set);
        }
      }
      rules.add(List.copyOf(sets));
    }
    return rules;
  }

  private static String literal(Random random) {
    StringBuilder literal = new StringBuilder(random.nextInt(3) == 0 ? MARK : "");
    for (int i = 0; i <= random.nextInt(3); i++) {
      literal.append("abé ".charAt(random.nextInt(4)));
    }
    return literal.append(random.nextInt(3) == 0 ? MARK : "").toString();
  }

  private static String text(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append("aabbABéÉ   .c".charAt(random.nextInt(13)));
    }
    return text.toString();
  }
}
