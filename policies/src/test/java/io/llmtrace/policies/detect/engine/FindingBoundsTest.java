package io.llmtrace.policies.detect.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.policy.RedactRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FindingBoundsTest {
  private static Finding finding(FindingType type, String rule, int start) {
    return new Finding(
        type, Severity.MEDIUM, 0.9, Zone.USER, "/m", start, start + 3, "sensitive", rule, "***");
  }

  private static List<Finding> many(FindingType type, String rule, int count) {
    List<Finding> many = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      many.add(finding(type, rule, 4 * i));
    }
    return many;
  }

  @Test
  void oneRuleCrowdsOutNoOther() {
    List<Finding> all = many(FindingType.PROMPT_INJECTION, "pi-001", 100);
    all.add(finding(FindingType.JAILBREAK, "jb-001", 9_000));
    assertThat(FindingBounds.kept(all))
        .hasSize(FindingBounds.MOST_OF_A_RULE + 1)
        .contains(all.get(100));
  }

  @Test
  void allOfWhatMayHaveToBeReplacedIsKeptAndTwentyAreTold() {
    List<Finding> all = many(FindingType.PII_DETECTED, "email", 300);
    assertThat(FindingBounds.kept(all)).isEqualTo(all);
    assertThat(FindingBounds.told(all)).isEqualTo(all.subList(0, FindingBounds.MOST_OF_A_RULE));
  }

  @Test
  void tooManySayThatThereAreMoreWhichNoRuleOfRedactionPasses() {
    List<Finding> kept =
        FindingBounds.kept(
            many(FindingType.PII_DETECTED, "email", FindingBounds.MOST_LEAKS + 1_000));
    assertThat(kept).hasSize(FindingBounds.MOST_LEAKS + 1);
    Finding more = kept.get(FindingBounds.MOST_LEAKS);
    assertThat(more.standsForMore()).isTrue();
    assertThat(more.end()).isEqualTo(more.start());
    assertThat(new RedactRule(Set.of(), Set.of("iban"), Severity.LOW).covers(more)).isTrue();
    assertThat(RedactRule.NONE.covers(more)).isFalse();
  }

  @Test
  void whatWasSaidTwiceIsKeptOnce() {
    List<Finding> all = many(FindingType.SECRET_LEAKAGE, "aws-key", 30);
    all.addAll(all.subList(0, 30));
    assertThat(FindingBounds.kept(all)).hasSize(30);
  }
}
