package io.llmtrace.policies.detect.signatures;

import com.google.re2j.Matcher;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Rules made ready to be tried. Thread-safe.
 *
 * <p>How a text is read:
 *
 * <ol>
 *   <li>An automaton finds the literals that every match of a rule must hold. Where one of each of
 *       a rule's sets stands, in their order, within the length of its longest match, a match may
 *       begin: that is a range of places, mostly some hundred characters long.
 *   <li>Where the ranges are many times as long as the text, a {@link CandidateFinder} says of
 *       which rules they can be left out.
 *   <li>The rule's {@link LazyAutomaton} says whether it may match there at all.
 *   <li>RE2/J is run on the ranges that are left, which decides alone what is found.
 * </ol>
 *
 * A match that is at most {@link #LONGEST_MATCH} characters long is found wherever it stands; a
 * rule without such a bound may find only a part of a longer one. Matches of a rule do not overlap,
 * and the first from the left counts, as if RE2/J had read the whole text: a range ends where the
 * longest match that begins in it would end, and what begins behind the range is left to the next.
 */
final class SignatureProgram {
  /** Characters of the longest match that is found for sure. */
  static final int LONGEST_MATCH = 2048;

  /** Characters read between two questions to the budget. */
  static final int BLOCK = 32 * 1024;

  /** Matches of a rule in one segment that are told, … */
  static final int MOST_MATCHES = 20;

  /**
   * … and of one for secrets or personal data, each of which may have to be replaced: more than an
   * exchange keeps of them, so that too many are known to be too many.
   */
  static final int MOST_SENSITIVE = 6_000;

  /**
   * Instructions of a pattern times characters that RE2/J is given at a time: some milliseconds at
   * worst.
   */
  private static final int MOST_STEPS = 1 << 20;

  private static final int SHORTEST_CHUNK = 256;

  /** Room for the character before a range and the one behind it, which {@code \b} looks at. */
  private static final int CONTEXT = 2;

  /**
   * How many times a block's characters its ranges hold before the finder is asked: Hyperscan takes
   * some 40 ns for a character of the block, a rule's own automaton some 3 for one of a range.
   */
  private static final int DENSE = 12;

  private final List<SignatureRule> rules;

  /** Characters of the longest match that is looked for, in texts without and with surrogates. */
  private final int[] longestNarrow;

  private final int[] longestWide;

  /** Matches of each rule that are told of a segment. */
  private final int[] most;

  private final LiteralRanges literalRanges;
  private final BitSet withoutLiterals = new BitSet();
  private final Map<Zone, BitSet> ofZone = new java.util.EnumMap<>(Zone.class);

  SignatureProgram(List<SignatureRule> rules) {
    this.rules = List.copyOf(rules);
    this.longestNarrow = new int[rules.size()];
    this.most = new int[rules.size()];
    this.longestWide = new int[rules.size()];
    for (Zone zone : Zone.values()) {
      ofZone.put(zone, new BitSet());
    }
    List<List<Set<String>>> sets = new ArrayList<>();
    for (int r = 0; r < rules.size(); r++) {
      SignatureRule rule = rules.get(r);
      PatternFacts facts = rule.pattern().facts();
      longestNarrow[r] = Math.min(facts.longest(), LONGEST_MATCH);
      most[r] =
          rule.types().values().stream().anyMatch(FindingType::isSensitiveData)
              ? MOST_SENSITIVE
              : MOST_MATCHES;
      longestWide[r] = Math.min(facts.longestOfAll(), LONGEST_MATCH);
      for (Zone zone : rule.zones()) {
        bits(zone).set(r);
      }
      List<Set<String>> required = required(rule);
      withoutLiterals.set(r, required.isEmpty());
      sets.add(required);
    }
    this.literalRanges = new LiteralRanges(sets);
  }

  private BitSet bits(Zone zone) {
    BitSet bits = ofZone.get(zone);
    if (bits == null) {
      throw new IllegalStateException("no rules for zone " + zone);
    }
    return bits;
  }

  /** Sets of literals of which each match holds one, in this order. */
  private static List<Set<String>> required(SignatureRule rule) {
    List<Set<String>> proven = rule.pattern().facts().required();
    // What a rule demands itself may stand anywhere in a match; it helps where nothing is proven.
    return proven.isEmpty() && !rule.literals().isEmpty()
        ? List.of(new LinkedHashSet<>(rule.literals().stream().sorted().toList()))
        : proven;
  }

  List<SignatureRule> rules() {
    return rules;
  }

  int states() {
    return literalRanges.states();
  }

  /** Hears of each match. */
  interface Sink {
    void match(int rule, int start, int end);
  }

  /** What is remembered of one text while it is read: where each rule goes on, and how often. */
  final class Reading {
    private final String text;
    private final char[] chars;
    private final BitSet zone;
    private final int[] resume = new int[rules.size()];
    private final int[] counts;
    private final int[] longest;

    private Reading(String text, BitSet zone, int[] counts) {
      this.text = text;
      this.chars = text.toCharArray();
      this.zone = zone;
      this.counts = counts;
      this.longest = hasSurrogate(chars) ? longestWide : longestNarrow;
    }

    private static boolean hasSurrogate(char[] text) {
      for (char c : text) {
        if (Character.isSurrogate(c)) {
          return true;
        }
      }
      return false;
    }

    private boolean wants(int rule) {
      return zone.get(rule) && counts[rule] < most[rule];
    }
  }

  /** Counts matches of each rule over all texts of a segment. */
  int[] counts() {
    return new int[rules.size()];
  }

  /**
   * Reads a text.
   *
   * @param counts from {@link #counts()}, the same array for all texts of a segment
   * @return whether all was read before the budget was spent
   */
  boolean read(
      String text,
      Zone zone,
      CandidateFinder finder,
      int[] counts,
      InspectionBudget budget,
      Sink sink) {
    Reading reading = new Reading(text, bits(zone), counts);
    if (reading.zone.isEmpty()) {
      return true;
    }
    for (int from = 0; from < text.length(); from += BLOCK) {
      if (budget.spent()) {
        return false;
      }
      int to = Math.min(text.length(), from + BLOCK);
      // A match that this block decides on lies within its longest length on both sides.
      int before = Math.max(0, from - LONGEST_MATCH);
      List<LiteralRanges.Range> ranges = ranges(reading, before, from, to);
      @Nullable BitSet candidates =
          characters(ranges) < (long) DENSE * (to - before)
              ? null
              : finder.candidates(text, before, Math.min(text.length(), to + LONGEST_MATCH));
      for (LiteralRanges.Range range : ranges) {
        if ((candidates == null || candidates.get(range.rule()))
            && !search(range, reading, budget, sink)) {
          return false;
        }
      }
    }
    return true;
  }

  /** How many characters are to be read again, by all rules. */
  private long characters(List<LiteralRanges.Range> ranges) {
    long sum = 0;
    for (LiteralRanges.Range range : ranges) {
      sum += range.last() - range.first() + longestNarrow[range.rule()];
    }
    return sum;
  }

  private List<LiteralRanges.Range> ranges(Reading reading, int before, int from, int to) {
    List<LiteralRanges.Range> ranges = new ArrayList<>();
    literalRanges.find(reading.chars, before, from, to, reading.longest, reading::wants, ranges);
    for (int r = withoutLiterals.nextSetBit(0); r >= 0; r = withoutLiterals.nextSetBit(r + 1)) {
      if (reading.wants(r)) {
        ranges.add(new LiteralRanges.Range(r, from, to - 1));
      }
    }
    ranges.sort(
        Comparator.comparingInt(LiteralRanges.Range::rule)
            .thenComparingInt(LiteralRanges.Range::first));
    return ranges;
  }

  private boolean search(
      LiteralRanges.Range range, Reading reading, InspectionBudget budget, Sink sink) {
    SignatureRule rule = rules.get(range.rule());
    int size = rule.pattern().compiled().programSize();
    int chunk =
        Math.max(SHORTEST_CHUNK, MOST_STEPS / Math.max(1, size) - reading.longest[range.rule()]);
    for (int first = range.first(); first <= range.last(); first += chunk) {
      if (budget.spent()) {
        return false;
      }
      int last = Math.min(range.last(), first + chunk - 1);
      searchChunk(range.rule(), first, last, reading, sink);
      if (reading.counts[range.rule()] >= most[range.rule()]) {
        return true;
      }
    }
    return true;
  }

  private void searchChunk(int index, int first, int last, Reading reading, Sink sink) {
    String text = reading.text;
    int at = Math.max(first, reading.resume[index]);
    if (at > last) {
      return;
    }
    int start = Math.max(0, at - CONTEXT);
    int end = Math.min(text.length(), last + reading.longest[index] + CONTEXT);
    if (!rules.get(index).pattern().mayMatch(reading.chars, at, last, end)) {
      return;
    }
    Matcher matcher = rules.get(index).pattern().compiled().matcher(text.substring(start, end));
    while (reading.counts[index] < most[index]
        && at <= last
        && at < end
        && matcher.find(at - start)) {
      int from = start + matcher.start();
      int to = start + matcher.end();
      if (from > last) {
        return;
      }
      at = Math.max(to, from + 1);
      if (holdsLiteral(index, text, from, to)) {
        reading.counts[index]++;
        reading.resume[index] = at;
        sink.match(index, from, to);
      }
    }
  }

  private boolean holdsLiteral(int index, String text, int from, int to) {
    Set<String> literals = rules.get(index).literals();
    if (literals.isEmpty()) {
      return true;
    }
    StringBuilder folded = new StringBuilder(to - from);
    for (int i = from; i < to; i++) {
      folded.append(Fold.fold(text.charAt(i)));
    }
    return literals.stream().anyMatch(literal -> folded.indexOf(literal) >= 0);
  }
}
