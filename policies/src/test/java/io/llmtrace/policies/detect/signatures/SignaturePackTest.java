package io.llmtrace.policies.detect.signatures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class SignaturePackTest {
  private static final String RULE =
      """
      rules:
        - id: mine-1
          type: prompt_injection
          severity: high
          confidence: 0.9
          zones: [user]
          pattern: '(?i)\\bopen sesame\\b'
          rationale: r
          source: s
          matches: [Open Sesame!]
          does_not_match: [open the sesame jar]
      """;

  @TestFactory
  Stream<DynamicTest> every_rule_finds_its_cases_and_leaves_the_others_alone() {
    return SignaturePack.builtIn().rules().stream()
        .map(
            rule ->
                DynamicTest.dynamicTest(
                    rule.id(), () -> assertThat(RuleCases.failed(rule)).isEmpty()));
  }

  @Test
  void has_at_least_250_rules_over_every_type_that_a_pattern_can_tell() {
    List<SignatureRule> rules = SignaturePack.builtIn().rules();
    assertThat(rules).hasSizeGreaterThanOrEqualTo(250);
    Set<FindingType> types = EnumSet.noneOf(FindingType.class);
    rules.forEach(rule -> types.addAll(rule.types().values()));
    assertThat(types)
        .contains(
            FindingType.PROMPT_INJECTION,
            FindingType.INDIRECT_INJECTION,
            FindingType.JAILBREAK,
            FindingType.ROLE_INJECTION,
            FindingType.PROMPT_EXTRACTION,
            FindingType.ENCODING_ATTACK,
            FindingType.DELIMITER_INJECTION,
            FindingType.MULTI_TURN_ATTACK,
            FindingType.MANY_SHOT_ATTACK,
            FindingType.DATA_EXFILTRATION,
            FindingType.SYSTEM_PROMPT_LEAK,
            FindingType.SHELL_INJECTION,
            FindingType.SQL_INJECTION,
            FindingType.SSRF_ATTEMPT,
            FindingType.PATH_TRAVERSAL,
            FindingType.MCP_TOOL_POISONING,
            FindingType.MCP_SHADOWING);
  }

  @Test
  void every_built_in_rule_passes_the_checks_of_an_uploaded_one() throws Exception {
    for (String name : SignaturePack.BUILT_IN) {
      try (var in = SignaturePack.class.getResourceAsStream("/packs/" + name + ".yaml")) {
        String yaml = new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(SignaturePack.parse(name, yaml).rules()).isNotEmpty();
      }
    }
  }

  @Test
  void every_attack_rule_has_a_literal_and_an_end_so_that_it_is_cheap_and_found_everywhere() {
    for (SignatureRule rule : SignaturePack.builtIn().rules()) {
      assertThat(rule.pattern().facts().required()).as(rule.id()).isNotEmpty();
      if (!rule.secret()) {
        assertThat(rule.pattern().facts().longest())
            .as(rule.id())
            .isLessThanOrEqualTo(SignatureProgram.LONGEST_MATCH);
      }
    }
  }

  @Test
  void a_weak_indicator_never_flags_alone() {
    assertThat(SignaturePack.builtIn().rules())
        .filteredOn(rule -> rule.id().startsWith("in-"))
        .hasSizeGreaterThan(20)
        .allSatisfy(
            rule -> {
              assertThat(rule.severity()).isLessThan(Severity.MEDIUM);
              assertThat(rule.confidence()).isLessThanOrEqualTo(0.5);
            });
  }

  @Test
  void names_every_problem_of_a_pack_with_its_line() {
    String yaml =
        """
        rules:
          - id: a
            type: nonsense
            severity: high
            confidence: 2
            zones: [user]
            pattern: '(?=x)'
            rationale: r
            source: s
            matches: [x]
            does_not_match: [y]
            colour: red
        """;
    assertThatThrownBy(() -> SignaturePack.parse("mine.yaml", yaml))
        .isInstanceOf(PackException.class)
        .hasMessageContaining("mine.yaml")
        .hasMessageContaining("line 3: a: type 'nonsense' is unknown")
        .hasMessageContaining("line 5: a: confidence must be a number between 0 and 1")
        .hasMessageContaining("line 7: a: pattern is no RE2 pattern")
        .hasMessageContaining("line 12: a: colour is no key of a rule");
  }

  @Test
  void says_where_a_pack_is_no_yaml() {
    assertThat(problems("rules: [\n  - {")).singleElement().asString().startsWith("line ");
    assertThat(problems("")).singleElement().asString().contains("'rules' must be a list");
    assertThat(problems("- a")).isNotEmpty();
  }

  @Test
  void runs_the_cases_of_an_uploaded_pack() {
    assertThat(SignaturePack.parse("p", RULE).ruleIds()).containsExactly("mine-1");
    assertThat(problems(RULE.replace("[Open Sesame!]", "[Open Sesam!]")))
        .containsExactly("line 2: mine-1: matches 'Open Sesam!', but the pattern does not");
    assertThat(problems(RULE.replace("[open the sesame jar]", "['say open sesame']")))
        .containsExactly("line 2: mine-1: does_not_match 'say open sesame', but the pattern does");
  }

  @Test
  void a_match_counts_only_with_a_literal_where_a_rule_names_some() {
    String yaml =
        RULE.replace("pattern:", "literals: [SIM, SALA]\n    pattern:")
            .replace("open sesame\\b", "(?:open|close) \\w{1,9}\\b")
            .replace("[open the sesame jar]", "[open door]")
            .replace("[Open Sesame!]", "[close Simsala]");
    assertThat(SignaturePack.parse("p", yaml).rules()).hasSize(1);
    assertThat(problems(yaml.replace("[close Simsala]", "[close sesame]"))).hasSize(1);
  }

  @Test
  void refuses_an_id_that_is_used_twice_in_a_pack_or_over_packs() {
    String twice = RULE + RULE.substring(RULE.indexOf("  - id"));
    assertThat(problems(twice))
        .containsExactly("line 12: mine-1: id is used twice, first in line 2");
    SignaturePack one = SignaturePack.parse("one", RULE);
    SignaturePack two = SignaturePack.parse("two", RULE);
    assertThatThrownBy(() -> SignaturePack.merged(List.of(one, two)))
        .isInstanceOf(PackException.class)
        .hasMessageContaining(
            "line 2: mine-1: id is used already in line 2 of the pack one; write another");
  }

  @Test
  void refuses_patterns_that_would_cost_too_much_before_they_are_compiled() {
    for (String costly :
        List.of(
            "((a{500}){500}){500}x",
            "(?:[^x]{0,900}a){4}",
            "(?:" + "abcdefghij|".repeat(700) + "x)",
            "(".repeat(400) + "a" + ")".repeat(400),
            "(?i)\u1c80",
            "(?i)\\x{1C88}",
            "(?i:x|\u1c85)",
            "x(?i)\\Q\u1c81\\E",
            "(?i)[^a-z\u1c82]",
            "(?i)[\\x{100}-\\x{10ffff}]x",
            "(?i)[\u1c00-\u1cff]x")) {
      assertThat(problems(RULE.replace("(?i)\\bopen sesame\\b", costly)))
          .as("%.20s", costly)
          .isNotEmpty()
          .allSatisfy(problem -> assertThat(problem).contains("mine-1: pattern"));
    }
  }

  @Test
  void refuses_a_pattern_that_matches_nothing_at_all() {
    assertThat(problems(RULE.replace("(?i)\\bopen sesame\\b", "(?:open)?")))
        .containsExactly("line 7: mine-1: pattern matches the empty text");
  }

  @Test
  void puts_the_words_of_a_pack_into_its_patterns_and_its_defaults_into_its_rules() {
    String yaml =
        """
        defaults:
          type: {user: jailbreak, document: indirect_injection}
          severity: low
          source: s
        words:
          magic: 'sesame|simsalabim'
          open: '(?:open|ouvre) {{magic}}'
        """
            + RULE.replace("    type: prompt_injection\n    severity: high\n", "")
                .replace("    zones: [user]\n", "")
                .replace("open sesame", "{{open}}");
    SignatureRule rule = SignaturePack.parse("p", yaml).rules().get(0);
    assertThat(rule.types()).containsValues(FindingType.JAILBREAK, FindingType.INDIRECT_INJECTION);
    assertThat(rule.severity()).isEqualTo(Severity.LOW);
    assertThat(rule.pattern().text()).contains("simsalabim");
    assertThat(problems(yaml.replace("{{open}}\\b", "{{close}}")))
        .contains("line 9: mine-1: pattern names the unknown word 'close'");
  }

  @Test
  void refuses_yaml_that_grows_when_it_is_read() {
    String laughs =
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nrules: [*c]\n" + RULE.substring(7);
    assertThat(problems(laughs)).singleElement().asString().contains("anchors are not read");
    assertThat(problems("rules: " + "[".repeat(100_000)))
        .singleElement()
        .asString()
        .contains("nested deeper than");
    assertThat(problems("#" + "x".repeat(1 << 20)))
        .singleElement()
        .asString()
        .contains("at most 1048576 characters");
  }

  @Test
  void patterns_near_those_that_do_not_end_are_compiled() {
    for (String sound :
        List.of(
            "\u1c80x",
            "(?i)[^a]x",
            "(?i)\\PLx",
            "(?i)\\p{Cyrillic}x",
            "(?i)\\p{Lu}x",
            "(?i)[[:^alpha:]]x",
            "(?i).x",
            "(?i)[\u0432-\u044f]x")) {
      String rule =
          RULE.replace("(?i)\\bopen sesame\\b", "Open|" + sound)
              .replace("[open the sesame jar]", "[shut]");
      assertThat(SignaturePack.parse("p", rule).ruleIds()).as(sound).hasSize(1);
    }
  }

  @Test
  void a_users_rule_names_its_pack_and_claims_no_more_than_it_may() {
    SignatureRule rule = SignaturePack.parse("acme", RULE.replace("0.9", "1")).rules().get(0);
    assertThat(rule.detector()).isEqualTo("signatures:acme");
    assertThat(rule.confidence()).isEqualTo(0.95);
    assertThat(SignaturePack.builtIn().rules())
        .allSatisfy(shipped -> assertThat(shipped.detector()).isEqualTo("signatures"));
  }

  @Test
  void a_users_pack_finds_the_same_on_both_engines() {
    assumeThat(com.gliwka.hyperscan.wrapper.Scanner.getIsValidPlatform()).isTrue();
    SignaturePack pack = SignaturePack.parse("acme", RULE);
    String text = "Say OPEN SESAME, then say open sesame again; opensesame.";
    assertThat(found(pack, SignatureEngine.HYPERSCAN, text))
        .hasSize(2)
        .isEqualTo(found(pack, SignatureEngine.AHO_CORASICK, text));
  }

  private static List<Finding> found(SignaturePack pack, SignatureEngine engine, String text) {
    List<Finding> found = new ArrayList<>();
    new SignatureDetector(pack, engine)
        .detect(
            SegmentReading.asItStands(new Segment(Zone.USER, "user", "", text)),
            InspectionBudget.unlimited(),
            found::add);
    return found;
  }

  @Test
  void a_pack_without_some_of_its_rules() {
    SignaturePack shipped = SignaturePack.builtIn();
    String first = shipped.ruleIds().get(0);
    assertThat(shipped.without(Set.of(first)).ruleIds())
        .hasSize(shipped.ruleIds().size() - 1)
        .doesNotContain(first);
    assertThat(shipped.without(Set.of())).isSameAs(shipped);
    assertThatThrownBy(() -> shipped.without(Set.of("no-such")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no rule 'no-such'");
  }

  @Test
  void cases_that_would_take_minutes_are_refused_before_they_are_run() {
    String costly =
        RULE.replace("(?i)\\bopen sesame\\b", "(?:[^x]{0,450}[ay]){3}b")
            .replace(
                "[Open Sesame!]", "[ab" + ", z%s".formatted("ay".repeat(4500)).repeat(49) + "]");
    assertThat(problems(costly))
        .singleElement()
        .asString()
        .contains("line 2: mine-1: the cases of the rules up to here are too long");
  }

  @Test
  void more_rules_than_a_pack_may_have_are_refused() {
    assertThat(problems("rules:\n" + "  - {id: a}\n".repeat(1001)))
        .containsExactly("line 2: the pack: rules must be at most 1000");
  }

  private static List<String> problems(String yaml) {
    PackException e =
        catchThrowableOfType(PackException.class, () -> SignaturePack.parse("p", yaml));
    assertThat(e).as("a pack that is refused").isNotNull();
    return e.problems();
  }
}
