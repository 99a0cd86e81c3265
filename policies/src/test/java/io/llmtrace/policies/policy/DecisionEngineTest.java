package io.llmtrace.policies.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DecisionEngineTest {
  private final DecisionEngine engine = new DecisionEngine();

  @Test
  void blocks_on_the_worst_finding_and_names_it() {
    Decision decision =
        engine.decide(
            List.of(
                finding(FindingType.PII_DETECTED, Severity.MEDIUM, 0.9),
                finding(FindingType.JAILBREAK, Severity.HIGH, 0.9)),
            Mode.ENFORCE);
    assertThat(decision)
        .isEqualTo(
            new Decision(
                Action.BLOCK,
                Action.BLOCK,
                Mode.ENFORCE,
                "built-in",
                "default/high-blocks",
                0,
                "jailbreak"));
  }

  @Test
  void keeps_in_observe_mode_what_it_would_have_done() {
    Decision decision =
        engine.decide(
            List.of(finding(FindingType.JAILBREAK, Severity.CRITICAL, 0.9)), Mode.OBSERVE);
    assertThat(decision.action()).isEqualTo(Action.FLAG);
    assertThat(decision.would()).isEqualTo(Action.BLOCK);
  }

  @Test
  void lets_pass_what_is_unsure_or_slight_and_never_blocks_personal_data_or_doubt_alone() {
    assertThat(action(finding(FindingType.SHELL_INJECTION, Severity.HIGH, 0.4)))
        .isEqualTo(Action.ALLOW);
    assertThat(action(finding(FindingType.JAILBREAK, Severity.LOW, 1))).isEqualTo(Action.ALLOW);
    assertThat(action(finding(FindingType.PII_DETECTED, Severity.CRITICAL, 1)))
        .isEqualTo(Action.FLAG);
    assertThat(action(finding(FindingType.UNGROUNDED_ANSWER, Severity.CRITICAL, 1)))
        .isEqualTo(Action.FLAG);
    assertThat(engine.decide(List.of(), Mode.ENFORCE).action()).isEqualTo(Action.ALLOW);
  }

  @Test
  void what_a_route_wants_replaced_is_replaced_and_an_attack_that_blocks_still_blocks() {
    RedactRule rule =
        new RedactRule(
            Set.of(FindingType.SECRET_LEAKAGE, FindingType.JAILBREAK),
            Set.of("email"),
            Severity.LOW);
    Finding secret = finding(FindingType.SECRET_LEAKAGE, Severity.CRITICAL, 0.9);
    Decision redacts = engine.decide(List.of(secret), Mode.ENFORCE, rule);
    assertThat(redacts.action()).isEqualTo(Action.REDACT);
    assertThat(redacts.rule()).isEqualTo("route/redact");
    assertThat(redacts.category()).isEqualTo("secret_leakage");
    Finding jailbreak = finding(FindingType.JAILBREAK, Severity.HIGH, 0.9);
    assertThat(engine.decide(List.of(secret, jailbreak), Mode.ENFORCE, rule).action())
        .isEqualTo(Action.BLOCK);
    Decision observed = engine.decide(List.of(secret), Mode.OBSERVE, rule);
    assertThat(observed.action()).isEqualTo(Action.FLAG);
    assertThat(observed.would()).isEqualTo(Action.REDACT);
  }

  @Test
  void a_kind_is_replaced_whatever_its_severity_but_no_example_and_nothing_unsure() {
    RedactRule rule = new RedactRule(Set.of(), Set.of("email"), Severity.LOW);
    assertThat(rule.covers(email(Severity.LOW, 0.9))).isTrue();
    assertThat(rule.covers(email(Severity.INFO, 0.9))).isFalse();
    assertThat(rule.covers(email(Severity.LOW, 0.4))).isFalse();
    assertThat(RedactRule.NONE.covers(email(Severity.LOW, 0.9))).isFalse();
    assertThat(RedactRule.NONE.isNone()).isTrue();
  }

  private static Finding email(Severity severity, double confidence) {
    return new Finding(
        FindingType.PII_DETECTED,
        severity,
        confidence,
        Zone.USER,
        "",
        0,
        1,
        "sensitive",
        "email",
        "");
  }

  private Action action(Finding finding) {
    return engine.decide(List.of(finding), Mode.ENFORCE).action();
  }

  private static Finding finding(FindingType type, Severity severity, double confidence) {
    return new Finding(type, severity, confidence, Zone.USER, "", 0, 1, "test", "t", "");
  }
}
