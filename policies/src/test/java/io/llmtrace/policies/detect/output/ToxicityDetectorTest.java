package io.llmtrace.policies.detect.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ToxicityDetectorTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "I will kill you and your family.",
        "Just go kill yourself.",
        "You are a worthless idiot.",
        "You're pathetic.",
        "Du bist ein Vollidiot!"
      })
  void what_is_said_to_somebody_is_told(String answer) {
    assertThat(detect(answer)).containsOnly(FindingType.TOXIC_CONTENT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "This will kill the process.",
        "You are not stupid.",
        "The idiot in the novel is a prince.",
        "If you think of hurting yourself, please call a helpline.",
        "kill -9 stops it"
      })
  void what_is_not_is_not(String answer) {
    assertThat(detect(answer)).isEmpty();
  }

  @Test
  void it_is_not_among_the_detectors_that_run_by_default() {
    assertThat(AnswerDetectors.builtIn())
        .extracting(AnswerDetector::name)
        .containsExactly("canary", "prompt_leak", "exfiltration", "insecure_code")
        .doesNotContain(AnswerDetectors.toxicityLexicon().name());
  }

  private static List<FindingType> detect(String answer) {
    return Answers.detect(AnswerDetectors.toxicityLexicon(), AnswerContext.unknown(), answer)
        .stream()
        .map(Finding::type)
        .toList();
  }
}
