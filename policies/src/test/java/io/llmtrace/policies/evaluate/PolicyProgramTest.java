package io.llmtrace.policies.evaluate;

import static io.llmtrace.policies.evaluate.Asked.CHAT;
import static io.llmtrace.policies.evaluate.Asked.email;
import static io.llmtrace.policies.evaluate.Asked.finding;
import static io.llmtrace.policies.evaluate.Asked.injection;
import static io.llmtrace.policies.evaluate.Programs.decide;
import static io.llmtrace.policies.evaluate.Programs.program;
import static io.llmtrace.policies.evaluate.Programs.says;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.policy.RedactRule;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What policies decide, each rule of the language with the case that needs it. */
class PolicyProgramTest {
  @Test
  void withoutPoliciesTheBuiltInRulesDecideAsTheRouteSays() {
    PolicyProgram builtIn = program();
    says(builtIn.decide(CHAT.question(injection(0.9))), Action.BLOCK, "default/high-blocks");
    says(builtIn.decide(CHAT.question()), Action.ALLOW, "default/allow");
    Verdict observed =
        builtIn.decide(
            new Question(CHAT, List.of(injection(0.9)), null, RedactRule.NONE, 0, RateGate.OPEN));
    assertThat(observed.decision().action()).isEqualTo(Action.FLAG);
    assertThat(observed.decision().would()).isEqualTo(Action.BLOCK);
    assertThat(observed.decision().policy()).isEqualTo("built-in");
  }

  @Test
  void aPolicyThatDoesNotSayObserves() {
    Verdict verdict = decide("metadata: {name: p}", CHAT, injection(0.9));
    assertThat(verdict.decision().mode()).isEqualTo(Mode.OBSERVE);
    assertThat(verdict.decision().action()).isEqualTo(Action.FLAG);
    assertThat(verdict.decision().would()).isEqualTo(Action.BLOCK);
  }

  @Test
  void aRouteThatObservesIsStrongerThanAPolicyThatEnforces() {
    Verdict verdict =
        program("metadata: {name: p}\nmode: enforce")
            .decide(
                new Question(
                    CHAT,
                    List.of(injection(0.9)),
                    Mode.OBSERVE,
                    RedactRule.NONE,
                    7,
                    RateGate.OPEN));
    assertThat(verdict.decision().action()).isEqualTo(Action.FLAG);
    assertThat(verdict.decision().revision()).isEqualTo(7);
  }

  @Test
  void theFirstRuleTakesAFindingAndTheStrictestActionCounts() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        rules:
          - {name: mild, findings: [prompt_injection], action: flag}
          - {name: hard, findings: {groups: [attack]}, action: block}
        """;
    says(decide(yaml, CHAT, injection(0.9)), Action.FLAG, "p/mild");
    says(
        decide(yaml, CHAT, injection(0.9), finding(FindingType.JAILBREAK, Severity.LOW, 0.3)),
        Action.BLOCK,
        "p/hard");
  }

  @Test
  void allowingOneFindingHidesNoOther() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        rules:
          - {name: fine, findings: [prompt_injection], action: allow}
        """;
    says(decide(yaml, CHAT, injection(0.9)), Action.ALLOW, "p/fine");
    says(
        decide(yaml, CHAT, injection(0.9), finding(FindingType.JAILBREAK, Severity.HIGH, 0.9)),
        Action.BLOCK,
        "default/high-blocks");
  }

  @Test
  void allowingAnExchangeEndsTheReading() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        rules:
          - {name: red-team, match: {consumers: [red-*]}, action: allow}
          - {name: all, action: block}
        """;
    says(decide(yaml, CHAT.consumer("red-1"), injection(0.9)), Action.ALLOW, "p/red-team");
    says(decide(yaml, CHAT), Action.BLOCK, "p/all");
  }

  @Test
  void whatIsRedactedIsWhatTheRuleTook() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        rules:
          - {name: hide, findings: {types: [pii_detected]}, action: redact}
        sensitive: {iban: redact}
        """;
    Finding iban = finding(FindingType.PII_DETECTED, Severity.HIGH, 0.9, "sensitive", "iban");
    Verdict verdict = decide(yaml, CHAT, email(), iban);
    says(verdict, Action.REDACT, "p/hide");
    assertThat(verdict.redact()).containsExactly(email(), iban);
  }

  @Test
  void kindsOfSensitiveDataComeAfterTheRules() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        sensitive: {email: redact, iban: block, person_name: allow}
        """;
    Finding iban = finding(FindingType.PII_DETECTED, Severity.HIGH, 0.9, "sensitive", "iban");
    Finding name =
        finding(FindingType.PII_DETECTED, Severity.MEDIUM, 0.9, "sensitive", "person_name");
    says(decide(yaml, CHAT, name), Action.ALLOW, "p/sensitive.person_name");
    Verdict redacted = decide(yaml, CHAT, email(), name);
    says(redacted, Action.REDACT, "p/sensitive.email");
    assertThat(redacted.redact()).containsExactly(email());
    says(decide(yaml, CHAT, email(), iban), Action.BLOCK, "p/sensitive.iban");
  }

  @Test
  void whatStandsForMoreIsWhatAStrictRuleWants() {
    Finding more = finding(FindingType.PII_DETECTED, Severity.LOW, 0.5, "engine", Finding.TOO_MANY);
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        sensitive: {email: redact}
        """;
    Verdict verdict = decide(yaml, CHAT, more);
    assertThat(verdict.decision().action()).isEqualTo(Action.REDACT);
    assertThat(verdict.redact()).containsExactly(more);
    String ruled =
        """
        metadata: {name: p}
        mode: enforce
        rules: [{name: hide, findings: {types: [secret_leakage]}, action: redact}]
        """;
    assertThat(decide(ruled, CHAT, more).redact()).containsExactly(more);
  }

  @Test
  void conditionsSeeWhatCounts() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        thresholds: {prompt_injection: 0.8}
        rules:
          - name: sure
            when: "findings.exists(f, f.type == 'prompt_injection' && f.severity >= high)"
            action: block
        """;
    says(decide(yaml, CHAT, injection(0.9)), Action.BLOCK, "p/sure");
    says(decide(yaml, CHAT, injection(0.7)), Action.ALLOW, "default/allow");
  }

  @Test
  void exceptionsEndOnTheirDay() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        exceptions:
          - {name: red-team, owner: sec, expires: 2027-01-31, match: {consumers: [red-*]}, findings: {groups: [attack]}}
        """;
    Asked red = CHAT.consumer("red-1");
    says(decide(yaml, red, injection(0.9)), Action.ALLOW, "default/allow");
    says(decide(yaml, CHAT, injection(0.9)), Action.BLOCK, "default/high-blocks");
    says(
        decide(yaml, red.at("2027-01-30T23:59:59Z"), injection(0.9)),
        Action.ALLOW,
        "default/allow");
    says(
        decide(yaml, red.at("2027-01-31T00:00:00Z"), injection(0.9)),
        Action.BLOCK,
        "default/high-blocks");
  }

  @Test
  void aLimitHoldsWhenItsRateIsOver() {
    PolicyProgram program =
        program(
            """
            metadata: {name: p}
            mode: enforce
            rules:
              - {name: slow, action: limit, limit: {requests_per_minute: 2, by: [consumer]}, message: "Slow down."}
            """);
    Question within = CHAT.question();
    says(program.decide(within), Action.ALLOW, "default/allow");
    Question over =
        new Question(
            CHAT,
            List.of(),
            Mode.ENFORCE,
            RedactRule.NONE,
            7,
            (policy, rule, rate, facts) -> {
              assertThat(rate.requestsPerMinute()).isEqualTo(2);
              return 5_000_000_000L;
            });
    Verdict verdict = program.decide(over);
    says(verdict, Action.LIMIT, "p/slow");
    assertThat(verdict.retryAfterNanos()).isEqualTo(5_000_000_000L);
    assertThat(verdict.message()).isEqualTo("Slow down.");
  }

  @Test
  void messagesAndStylesOfTheRuleComeFirst() {
    String yaml =
        """
        metadata: {name: p}
        mode: enforce
        block_style: refusal
        messages: {block: "Ask the desk."}
        rules:
          - {name: a, match: {models: [o3]}, action: block, message: "Not o3.", block_style: forbidden}
          - {name: b, findings: {groups: [attack]}, action: block}
        """;
    Verdict own = decide(yaml, CHAT.with("o3", List.of()));
    assertThat(own.message()).isEqualTo("Not o3.");
    assertThat(own.blockStyle()).isEqualTo(BlockStyle.FORBIDDEN);
    Verdict general = decide(yaml, CHAT, injection(0.9));
    assertThat(general.message()).isEqualTo("Ask the desk.");
    assertThat(general.blockStyle()).isNull();
    assertThat(program(yaml).blockStyle()).isEqualTo(BlockStyle.REFUSAL);
  }

  @Test
  void withoutDefaultsWhatNoRuleTakesPasses() {
    String yaml = "metadata: {name: p}\nmode: enforce\ndefaults: off";
    says(decide(yaml, CHAT, injection(0.9)), Action.ALLOW, "default/allow");
  }

  @Test
  void whatARouteRedactsItRedactsWhateverThePolicySays() {
    RedactRule route = new RedactRule(Set.of(), Set.of("email"), Severity.LOW);
    Verdict verdict =
        program("metadata: {name: p}\nmode: enforce\ndefaults: off")
            .decide(new Question(CHAT, List.of(email()), Mode.ENFORCE, route, 7, RateGate.OPEN));
    says(verdict, Action.REDACT, "route/redact");
    assertThat(verdict.redact()).containsExactly(email());
  }
}
