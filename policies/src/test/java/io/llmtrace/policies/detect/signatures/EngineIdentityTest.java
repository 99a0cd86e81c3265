package io.llmtrace.policies.detect.signatures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.re2j.Matcher;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whatever names the candidates, what is found is what RE2/J finds in the whole text. Hyperscan
 * takes seconds to compile all rules, so the ordinary build holds it to some of them, and the long
 * tests to all.
 */
class EngineIdentityTest {
  /** A rule without an end promises less than what RE2 finds in the whole text. */
  private static final List<SignatureRule> RULES =
      SignaturePack.builtIn().rules().stream()
          .filter(rule -> rule.pattern().facts().isBounded())
          .toList();

  private static final SignatureProgram PROGRAM = new SignatureProgram(RULES);

  /** Pieces of which hostile and harmless texts are put together. */
  private static final List<String> PIECES = pieces();

  /** A match of a rule. */
  private record Match(int rule, int start, int end) {}

  @Property(tries = 25)
  void literals_lead_to_what_re2_finds_in_the_whole_text(
      @ForAll("texts") String text, @ForAll("zones") Zone zone) {
    assertThat(read(PROGRAM, zone, CandidateFinder.LITERALS_ONLY, text))
        .isEqualTo(wholeText(RULES, zone, text));
  }

  @Property(tries = 400)
  void literals_lead_to_what_re2_finds_for_patterns_that_nobody_wrote(
      @ForAll("patterns") String pattern, @ForAll("shortTexts") String text) {
    List<SignatureRule> rules = List.of(rule(pattern));
    SignatureProgram program = new SignatureProgram(rules);
    assertThat(read(program, Zone.USER, CandidateFinder.LITERALS_ONLY, text))
        .isEqualTo(wholeText(rules, Zone.USER, text));
  }

  @Test
  void hyperscan_leads_to_the_same_as_literals() {
    List<SignatureRule> some =
        IntStream.range(0, RULES.size()).filter(r -> r % 12 == 0).mapToObj(RULES::get).toList();
    hyperscanLeadsToTheSame(some, 600);
  }

  @Test
  @Tag("long")
  void hyperscan_leads_to_the_same_as_literals_with_all_rules() {
    hyperscanLeadsToTheSame(RULES, 10_000);
  }

  @Test
  @Tag("long")
  void literals_lead_to_what_re2_finds_in_thousands_of_texts() {
    Random random = new Random(42);
    for (int i = 0; i < 2000; i++) {
      String text = text(random, 1 + random.nextInt(60));
      Zone zone = i % 2 == 0 ? Zone.USER : i % 3 == 0 ? Zone.TOOL_CALL : Zone.DOCUMENT;
      assertThat(read(PROGRAM, zone, CandidateFinder.LITERALS_ONLY, text))
          .as(text)
          .isEqualTo(wholeText(RULES, zone, text));
    }
  }

  private static void hyperscanLeadsToTheSame(List<SignatureRule> rules, int texts) {
    SignatureProgram program = new SignatureProgram(rules);
    CandidateFinder hyperscan = hyperscan(rules);
    for (int r = 0; r < rules.size(); r++) {
      for (String text : rules.get(r).matches()) {
        assertThat(hyperscan.candidates(text, 0, text.length()).get(r)).as(text).isTrue();
      }
    }
    Random random = new Random(20261124);
    int found = 0;
    for (int i = 0; i < texts; i++) {
      String text = text(random, 1 + random.nextInt(25));
      Zone zone = i % 2 == 0 ? Zone.USER : i % 3 == 0 ? Zone.TOOL_CALL : Zone.DOCUMENT;
      List<Match> expected = read(program, zone, CandidateFinder.LITERALS_ONLY, text);
      assertThat(read(program, zone, hyperscan, text)).as(text).isEqualTo(expected);
      found += expected.size();
    }
    assertThat(found).isGreaterThan(texts / 10);
  }

  /** Native code for this processor is not everywhere. */
  private static CandidateFinder hyperscan(List<SignatureRule> rules) {
    try {
      return HyperscanFinder.compile(rules);
    } catch (IllegalStateException | LinkageError e) {
      assumeThat(e).as("Hyperscan runs here").isNull();
      throw e;
    }
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.randomValue(random -> text(random, 1 + random.nextInt(25)));
  }

  @Provide
  Arbitrary<Zone> zones() {
    return Arbitraries.of(Zone.USER, Zone.TOOL_CALL, Zone.DOCUMENT);
  }

  @Provide
  Arbitrary<String> shortTexts() {
    return Arbitraries.strings()
        .withChars("aAbBkKsS .-\n_1é\u017f\u212aßЖж忽")
        .ofMaxLength(60)
        .map(text -> text.replace("1", "\uD83D\uDD13"));
  }

  @Provide
  Arbitrary<String> patterns() {
    return Arbitraries.randomValue(EngineIdentityTest::anyPattern);
  }

  static String anyPattern(Random random) {
    String pattern = "(?i)a" + pattern(random, 3);
    return pattern.length() % 3 == 0 ? pattern.substring(4) : pattern;
  }

  private static String pattern(Random random, int depth) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i <= random.nextInt(3); i++) {
      switch (random.nextInt(depth == 0 ? 6 : 9)) {
        case 0 -> out.append("ab");
        case 1 -> out.append("K");
        case 2 -> out.append("[^b\\n]{0,4}");
        case 3 -> out.append("[as é]");
        case 4 -> out.append("\\b");
        case 5 -> out.append("Ж|s\\s{1,2}");
        case 6 -> out.append("(?:").append(pattern(random, depth - 1)).append(")?");
        case 7 -> out.append("(?:").append(pattern(random, depth - 1)).append("){1,2}");
        default ->
            out.append("(?:")
                .append(pattern(random, depth - 1))
                .append('|')
                .append(pattern(random, depth - 1))
                .append(')');
      }
    }
    return out.toString();
  }

  private static SignatureRule rule(String pattern) {
    SignatureRule model = RULES.get(0);
    return new SignatureRule(
        "r",
        "p",
        true,
        1,
        model.types(),
        model.severity(),
        1,
        java.util.Set.of(),
        new RulePattern(pattern),
        false,
        List.of(),
        List.of());
  }

  private static List<Match> read(
      SignatureProgram program, Zone zone, CandidateFinder finder, String text) {
    List<Match> matches = new ArrayList<>();
    program.read(
        text,
        zone,
        finder,
        program.counts(),
        InspectionBudget.until(1, () -> 0),
        (rule, start, end) -> matches.add(new Match(rule, start, end)));
    matches.sort(Comparator.comparingInt(Match::rule).thenComparingInt(Match::start));
    return matches;
  }

  /** What the rules mean, with nothing saved. */
  private static List<Match> wholeText(List<SignatureRule> rules, Zone zone, String text) {
    List<Match> matches = new ArrayList<>();
    for (int r = 0; r < rules.size(); r++) {
      if (rules.get(r).types().containsKey(zone)) {
        Matcher matcher = rules.get(r).pattern().compiled().matcher(text);
        int count = 0;
        for (int at = 0; at < text.length() && count < SignatureProgram.MOST_MATCHES; ) {
          if (!matcher.find(at)) {
            break;
          }
          at = Math.max(matcher.end(), matcher.start() + 1);
          if (matcher.end() > matcher.start()) {
            matches.add(new Match(r, matcher.start(), matcher.end()));
            count++;
          }
        }
      }
    }
    return matches;
  }

  private static String text(Random random, int pieces) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < pieces; i++) {
      String piece = PIECES.get(random.nextInt(PIECES.size()));
      if (random.nextInt(4) == 0) {
        int cut = random.nextInt(piece.length() + 1);
        piece = random.nextBoolean() ? piece.substring(cut) : piece.substring(0, cut);
      }
      text.append(random.nextInt(5) == 0 ? piece.toUpperCase(java.util.Locale.ROOT) : piece);
      text.append(random.nextInt(3) == 0 ? "\n" : random.nextInt(3) == 0 ? "" : " ");
    }
    return text.toString();
  }

  private static List<String> pieces() {
    List<String> pieces = new ArrayList<>(List.of("ſystem", "K", "\uD83D", "\uDE00", "_", "ﬁ"));
    for (SignatureRule rule : RULES) {
      pieces.addAll(rule.matches());
      pieces.addAll(rule.doesNotMatch());
    }
    return pieces;
  }
}
