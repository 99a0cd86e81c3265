package io.llmtrace.policies.policy;

import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.BlockAnswer;
import io.llmtrace.policies.exchange.BlockNotice;
import io.llmtrace.policies.exchange.Caller;
import org.jspecify.annotations.Nullable;

/**
 * Block answers in the caller's own dialect. They name the decision and the category, so that a
 * user can ask and an operator can look it up; never what matched, which would teach an attacker.
 * Stateless.
 */
public final class BlockAnswers {
  private BlockAnswers() {}

  /**
   * The answer to a blocked request.
   *
   * @param decisionId ULID of the exchange
   * @param category label of the finding type that decided, or of the reason
   */
  public static BlockAnswer answer(
      Caller caller, BlockStyle style, String decisionId, String category) {
    return answer(caller, style, decisionId, category, null);
  }

  /**
   * The same in a policy's words.
   *
   * @param text what is said instead of the usual sentence, or null
   */
  public static BlockAnswer answer(
      Caller caller, BlockStyle style, String decisionId, String category, @Nullable String text) {
    BlockNotice notice = new BlockNotice(caller, decisionId, category, text);
    Api api = caller.api();
    return switch (style) {
      case ERROR -> api.error(400, notice);
      case FORBIDDEN -> api.error(403, notice);
      case REFUSAL -> api.refusal(notice);
    };
  }
}
