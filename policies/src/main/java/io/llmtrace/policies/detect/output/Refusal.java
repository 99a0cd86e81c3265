package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.parse.Refusals;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;

/** Whether an answer refuses: an attribute of the answer, and no finding. */
public enum Refusal {
  NONE,
  /** The provider says so in the structure of the answer. */
  BY_PROVIDER,
  /** The text begins as a refusal does, and nothing else is done. */
  BY_MODEL;

  /** Tells by the finish reason, and by the beginning of the first text. */
  public static Refusal of(Answer answer) {
    if (answer.refusedByProvider()) {
      return BY_PROVIDER;
    }
    if (!answer.toolCalls().isEmpty()) {
      return NONE;
    }
    for (Segment segment : answer.segments()) {
      boolean shown = segment.zone() == Zone.ASSISTANT && !isReasoning(segment.pointer());
      if (shown && !segment.text().isBlank()) {
        return Refusals.isRefusal(segment.text()) ? BY_MODEL : NONE;
      }
    }
    return NONE;
  }

  private static boolean isReasoning(String pointer) {
    return pointer.endsWith("/thinking")
        || pointer.endsWith("/reasoning")
        || pointer.endsWith("/reasoning_content");
  }
}
