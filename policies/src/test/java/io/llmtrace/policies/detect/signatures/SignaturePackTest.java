package io.llmtrace.policies.detect.signatures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class SignaturePackTest {
  private static final SignaturePack PACK = SignaturePack.builtIn();
  private static final SignatureDetector DETECTOR = new SignatureDetector(PACK);

  @TestFactory
  Stream<DynamicTest> every_rule_finds_its_cases_and_leaves_the_others_alone() {
    return PACK.rules().stream()
        .map(
            rule ->
                DynamicTest.dynamicTest(
                    rule.id(),
                    () -> {
                      for (String text : rule.matches()) {
                        assertThat(rulesFor(rule, text)).as(text).contains(rule.id());
                      }
                      for (String text : rule.doesNotMatch()) {
                        assertThat(rulesFor(rule, text)).as(text).doesNotContain(rule.id());
                      }
                    }));
  }

  @Test
  void has_at_least_twenty_five_rules_over_the_main_types() {
    assertThat(PACK.rules()).hasSizeGreaterThanOrEqualTo(25);
    assertThat(PACK.rules().stream().map(SignatureRule::type).distinct())
        .hasSizeGreaterThanOrEqualTo(12);
  }

  @Test
  void names_every_problem_of_a_pack() {
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
        .hasMessageContaining("type 'nonsense' is unknown")
        .hasMessageContaining("confidence must be a number between 0 and 1")
        .hasMessageContaining("pattern is no RE2 pattern")
        .hasMessageContaining("colour is no key of a rule");
  }

  @Test
  void says_where_a_pack_is_no_yaml() {
    assertThatThrownBy(() -> SignaturePack.parse("mine.yaml", "rules: [\n  - {"))
        .isInstanceOf(PackException.class)
        .hasMessageContaining("line ");
  }

  private static List<String> rulesFor(SignatureRule rule, String text) {
    Segment segment = new Segment(rule.zones().iterator().next(), "", "", text);
    List<String> rules = new ArrayList<>();
    InspectionBudget budget = InspectionBudget.until(System.nanoTime() + 5_000_000_000L);
    DETECTOR.detect(Normaliser.read(segment, budget), budget, finding -> rules.add(finding.rule()));
    return rules;
  }
}
