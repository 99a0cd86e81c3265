package io.llmtrace.policies.language;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.policies.evaluate.PolicyStack;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Policy files on any bytes: a policy that can be run, or problems with their places. Fuzzed with
 * {@code .ci/fuzz}.
 */
class PolicyFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void files(byte[] bytes) {
    try {
      Policy policy = PolicyReader.read(new String(bytes, StandardCharsets.UTF_8));
      PolicyStack.of(List.of(policy)).prepare();
    } catch (PolicyProblemsException e) {
      assertThat(e.problems()).isNotEmpty().allMatch(each -> each.line() >= 1);
    }
  }
}
