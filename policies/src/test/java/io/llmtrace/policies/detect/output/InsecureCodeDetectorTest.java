package io.llmtrace.policies.detect.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Readings;
import io.llmtrace.policies.detect.Severity;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class InsecureCodeDetectorTest {
  private static final List<CodeRule> RULES = CodeRules.builtIn();
  private final InsecureCodeDetector detector = new InsecureCodeDetector();

  @TestFactory
  Collection<DynamicTest> a_rule_finds_its_cases_and_leaves_the_others() {
    return RULES.stream()
        .flatMap(
            rule ->
                Stream.concat(
                    rule.matches().stream().map(code -> test(rule, code, true)),
                    rule.doesNotMatch().stream().map(code -> test(rule, code, false))))
        .toList();
  }

  private DynamicTest test(CodeRule rule, String code, boolean matches) {
    String language = rule.languages().stream().sorted().findFirst().orElseThrow();
    return DynamicTest.dynamicTest(
        rule.id() + ": " + code,
        () -> {
          List<String> found =
              detect("```" + language + "\n" + code + "\n```").stream().map(Finding::rule).toList();
          if (matches) {
            assertThat(found).contains(rule.id());
          } else {
            assertThat(found).isEmpty();
          }
        });
  }

  @Test
  void every_rule_is_whole() {
    Set<String> ids = new HashSet<>();
    for (CodeRule rule : RULES) {
      assertThat(ids.add(rule.id())).as(rule.id()).isTrue();
      assertThat(rule.languages()).as(rule.id()).isNotEmpty();
      assertThat(rule.cwe()).as(rule.id()).matches("CWE-\\d+");
      assertThat(rule.severity()).as(rule.id()).isIn(Severity.LOW, Severity.MEDIUM);
      assertThat(rule.confidence()).as(rule.id()).isBetween(0.5, 1.0);
      assertThat(rule.title()).as(rule.id()).isNotBlank();
      assertThat(rule.matches()).as(rule.id()).isNotEmpty();
      assertThat(rule.doesNotMatch()).as(rule.id()).isNotEmpty();
      assertThat(rule.literals()).as(rule.id()).isNotEmpty();
    }
    assertThat(RULES).hasSizeGreaterThanOrEqualTo(70);
  }

  @Test
  void only_the_code_of_a_known_language_is_read() {
    assertThat(detect("eval(user_input)")).isEmpty();
    assertThat(detect("```\neval(user_input)\n```")).isEmpty();
    assertThat(detect("```brainfuck\neval(user_input)\n```")).isEmpty();
  }

  @Test
  void points_at_the_statement_and_names_the_weakness() {
    String answer = "So:\n```python\nimport pickle\nx = pickle.loads(data)\n```\n";
    Finding finding = detect(answer).get(0);
    assertThat(answer.substring(finding.start(), finding.end())).isEqualTo("pickle.loads(");
    assertThat(finding.evidence()).startsWith("CWE-502: ");
  }

  private List<Finding> detect(String answer) {
    return Answers.detect(detector, AnswerContext.unknown(), answer);
  }

  @Test
  void a_megabyte_of_code_is_read_within_its_budget() {
    for (String piece : List.of("cur.execute(f\"select ", "eval(input ", "password = '", "```\n")) {
      String answer = "```python\n" + piece.repeat((1 << 20) / piece.length());
      InspectionBudget budget = Readings.muchWork();
      detector.detect(Answers.reading(AnswerContext.unknown(), answer), budget, f -> {});
      assertThat(budget.spent()).as(piece).isFalse();
    }
  }
}
