package io.llmtrace.plugin.tap;

import io.llmtrace.policies.detect.engine.AnswerInspection;
import io.llmtrace.policies.exchange.Api;
import org.jspecify.annotations.Nullable;

/** Hears of each answer of a provider, possibly twice. Thread-safe, fast. */
@FunctionalInterface
public interface AnswerListener {
  /** For whoever wants no answers. */
  AnswerListener NONE = (decisionId, api, body, seen) -> {};

  /**
   * The gateway's log has brought an answer.
   *
   * @param body as the client got it, possibly cut by the logger
   * @param seen what came of its inspection, or null where nobody looked
   */
  void answered(String decisionId, Api api, String body, @Nullable AnswerInspection seen);
}
