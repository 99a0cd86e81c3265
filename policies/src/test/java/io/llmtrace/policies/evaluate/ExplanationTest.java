package io.llmtrace.policies.evaluate;

import static io.llmtrace.policies.evaluate.Asked.CHAT;
import static io.llmtrace.policies.evaluate.Asked.email;
import static io.llmtrace.policies.evaluate.Asked.finding;
import static io.llmtrace.policies.evaluate.Asked.injection;
import static io.llmtrace.policies.evaluate.Programs.program;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an explanation says of the rules that decided and of those that nearly did. */
class ExplanationTest {
  @Test
  void anExplanationSaysWhichRuleNearlyDecidedAndWithWhatValues() {
    Explanation explanation =
        program(
                """
                metadata: {name: p}
                mode: enforce
                rules:
                  - {name: sure, findings: {types: [prompt_injection], confidence: 0.95}, action: block}
                  - {name: app, when: "headers['x-app'] == 'mobile'", action: block}
                  - {name: other, match: {models: [o3]}, action: block}
                """)
            .explain(CHAT.question(injection(0.9)));
    assertThat(explanation.verdict().decision().rule()).isEqualTo("default/high-blocks");
    assertThat(explanation.steps())
        .extracting(Explanation.Step::rule, Explanation.Step::acts)
        .containsExactly(
            tuple("p/sure", false),
            tuple("p/app", false),
            tuple("p/other", false),
            tuple("default/high-blocks", true));
    assertThat(explanation.steps().get(0).why()).contains("confidence 0.9 is under 0.95");
    assertThat(explanation.steps().get(1).why()).contains("x-app").contains("web");
    assertThat(explanation.steps().get(2).why()).isEqualTo("models does not match");
  }

  @Test
  void explainingDecidesTheSame() {
    PolicyProgram program =
        program(
            """
            metadata: {name: p}
            mode: enforce
            thresholds: {jailbreak: 0.6}
            rules:
              - {name: a, findings: {groups: [attack], severity: high}, action: block}
              - {name: b, when: "size(tools) > 0", action: flag}
            sensitive: {email: redact}
            """);
    List<List<Finding>> cases =
        List.of(
            List.of(),
            List.of(email()),
            List.of(injection(0.4)),
            List.of(email(), injection(0.9)),
            List.of(finding(FindingType.JAILBREAK, Severity.HIGH, 0.5)));
    for (List<Finding> each : cases) {
      Question question = CHAT.question(each.toArray(Finding[]::new));
      assertThat(program.explain(question).verdict()).isEqualTo(program.decide(question));
    }
  }
}
