package io.llmtrace.policies.evaluate;

import static io.llmtrace.policies.evaluate.Asked.CHAT;
import static io.llmtrace.policies.evaluate.Programs.program;
import static io.llmtrace.policies.evaluate.Programs.says;
import static io.llmtrace.policies.evaluate.Programs.unlimited;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.policy.Action;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Findings of the patterns that stand in a policy. */
class PolicyPatternsTest {
  @Test
  void patternsFindWithPlacesAndOnceForKnownText() {
    PolicyProgram program =
        program(
            """
            metadata: {name: p}
            mode: enforce
            patterns:
              - {name: aurora, pattern: '(?i)project\\s+aurora', zones: [user], severity: high}
            rules:
              - {name: secret-project, findings: {rules: [aurora]}, action: block}
            """);
    List<Segment> segments =
        List.of(
            new Segment(Zone.SYSTEM, "system", "/0", "project aurora"),
            new Segment(Zone.USER, "user", "/1", "😀 tell of Project  AURORA and project aurora"));
    for (int i = 0; i < 2; i++) {
      List<Finding> found = new ArrayList<>();
      assertThat(program.find(CHAT, segments, unlimited(), found)).isTrue();
      assertThat(found).hasSize(2).allMatch(f -> f.pointer().equals("/1"));
      assertThat(found.get(0).start()).isEqualTo(10);
      assertThat(found.get(0).end()).isEqualTo(25);
      says(
          program.decide(CHAT.question(found.toArray(Finding[]::new))),
          Action.BLOCK,
          "p/secret-project");
    }
  }

  @Test
  void patternsStopWithTheBudget() {
    PolicyProgram program =
        program("metadata: {name: p}\npatterns: [{name: x, pattern: x, severity: low}]");
    List<Segment> segments = List.of(new Segment(Zone.USER, "user", "/0", "x"));
    InspectionBudget spent = InspectionBudget.until(System.nanoTime() - 1);
    assertThat(program.find(CHAT, segments, spent, new ArrayList<>())).isFalse();
    List<Finding> found = new ArrayList<>();
    assertThat(program.find(CHAT, segments, unlimited(), found)).isTrue();
    assertThat(found).hasSize(1);
  }

  @Test
  void moreMatchesThanAreKeptAreNotHalfRedacted() {
    PolicyProgram program =
        program(
            """
            metadata: {name: p}
            mode: enforce
            patterns: [{name: number, pattern: 'CU-[0-9]{4}', severity: high}]
            rules: [{name: hide, findings: {rules: [number]}, action: redact}]
            """);
    List<Segment> segments = List.of(new Segment(Zone.USER, "user", "/0", "CU-1234 ".repeat(501)));
    List<Finding> found = new ArrayList<>();
    assertThat(program.find(CHAT, segments, unlimited(), found)).isTrue();
    assertThat(found).hasSize(501).last().matches(Finding::standsForMore);
    Verdict verdict = program.decide(CHAT.question(found.toArray(Finding[]::new)));
    assertThat(verdict.redact()).contains(found.get(500));
    List<Segment> many = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      many.add(new Segment(Zone.USER, "user", "/" + i, "CU-1234 " + i));
    }
    found.clear();
    assertThat(program.find(CHAT, many, unlimited(), found)).isTrue();
    assertThat(found).hasSizeLessThan(2_100).last().matches(Finding::standsForMore);
  }
}
