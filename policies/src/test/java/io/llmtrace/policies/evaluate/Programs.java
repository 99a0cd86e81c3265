package io.llmtrace.policies.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import java.util.Arrays;

/** Policies as a node runs them, and what they say, for tests. */
final class Programs {
  private Programs() {}

  static PolicyProgram program(String... yaml) {
    return PolicyProgram.link(
        Layers.of(Arrays.stream(yaml).map(Asked::policy).toList()).effective());
  }

  static Verdict decide(String yaml, Asked asked, Finding... findings) {
    return program(yaml).decide(asked.question(findings));
  }

  static void says(Verdict verdict, Action action, String rule) {
    assertThat(verdict.decision())
        .extracting(Decision::action, Decision::rule)
        .containsExactly(action, rule);
  }

  static InspectionBudget unlimited() {
    return InspectionBudget.until(System.nanoTime() + 10_000_000_000L);
  }
}
