package io.llmtrace.policies.usage;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.ToolCall;
import io.llmtrace.policies.exchange.Zone;

/**
 * Tokens of an answer whose provider did not say how many it has. Stateless. What a model thought
 * and did not show is not in it, so that for models that reason the number is too low.
 */
final class AnswerTokens {
  /** Around a call: its name's marks, its channel. */
  private static final int OF_A_CALL = 8;

  private AnswerTokens() {}

  /**
   * Counts as exactly as is possible. Only an answer that is all text, whole, and of a model that
   * does not think in secret is {@link UsageSource#COUNTED}.
   *
   * @param model as the answer names it, else as the request does
   * @param budget a spent one makes the rest of it an estimate
   */
  static TokenCount of(String provider, String model, Answer answer, InspectionBudget budget) {
    TokenCounter counter = TokenCounter.of(provider, model);
    TokenCount tokens = TokenCount.NONE;
    for (Segment segment : answer.segments()) {
      if (segment.zone() == Zone.ASSISTANT || segment.zone() == Zone.TOOL_CALL) {
        tokens = tokens.plus(counter.count(segment.text(), budget));
      }
    }
    for (ToolCall call : answer.toolCalls()) {
      tokens =
          tokens.plus(
              new TokenCount(counter.estimate(call.name()) + OF_A_CALL, UsageSource.ESTIMATED));
    }
    boolean all = !answer.truncated() && answer.uninspectedParts() == 0 && !thinks(model);
    return tokens.plus(new TokenCount(0, all ? UsageSource.COUNTED : UsageSource.ESTIMATED));
  }

  private static boolean thinks(String model) {
    String bare = model.substring(model.lastIndexOf('/') + 1);
    return bare.startsWith("gpt-5")
        || bare.startsWith("o1")
        || bare.startsWith("o3")
        || bare.startsWith("o4")
        || bare.startsWith("gpt-oss");
  }
}
