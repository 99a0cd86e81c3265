package io.llmtrace.policies.expression;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Conditions on any bytes: refused with a place and a reason, or evaluated to a value or an error
 * of the language's own. Fuzzed with {@code .ci/fuzz}.
 */
class ExpressionFuzzTest {
  private static final List<Finding> FINDINGS =
      List.of(TestFacts.finding(FindingType.JAILBREAK, Severity.HIGH, 0.9, Zone.USER, "dan"));

  @FuzzTest(maxDuration = "10m")
  void conditions(byte[] bytes) {
    try {
      Expression condition = Expressions.compile(new String(bytes, StandardCharsets.UTF_8));
      assertThat(Program.link(condition).evaluate(new Scope(TestFacts.chat(), FINDINGS)))
          .isNotNull();
    } catch (ExpressionException e) {
      assertThat(e.problems()).isNotEmpty().allMatch(each -> each.line() >= 1);
    }
  }
}
