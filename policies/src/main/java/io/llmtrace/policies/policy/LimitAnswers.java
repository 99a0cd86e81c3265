package io.llmtrace.policies.policy;

import io.llmtrace.policies.exchange.BlockAnswer;
import io.llmtrace.policies.exchange.BlockNotice;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Limited;
import io.llmtrace.policies.limit.LimitKind;
import io.llmtrace.policies.limit.Refusal;
import org.jspecify.annotations.Nullable;

/** Answers of status 429 in the caller's own dialect. Stateless. */
public final class LimitAnswers {
  private LimitAnswers() {}

  /**
   * The answer to a request that a limit stops. It names the limit: an operator gave it its name,
   * and a client has to know what to ask for.
   *
   * @param decisionId ULID of the exchange
   */
  public static BlockAnswer answer(Caller caller, String decisionId, Refusal refusal) {
    return answer(caller, decisionId, refusal, null);
  }

  /**
   * The same in a policy's words.
   *
   * @param text what is said instead of the usual sentence, or null
   */
  public static BlockAnswer answer(
      Caller caller, String decisionId, Refusal refusal, @Nullable String text) {
    String message =
        text == null ? usual(decisionId, refusal) : BlockNotice.written(text, decisionId);
    return caller
        .api()
        .limited(
            new Limited(what(refusal.kind()), refusal.retryAfterSeconds(), message),
            new BlockNotice(caller, decisionId, refusal.kind().category()));
  }

  private static String usual(String decisionId, Refusal refusal) {
    return sentence(refusal.kind())
        + " (limit "
        + refusal.limit()
        + "), decision "
        + decisionId
        + "."
        + (refusal.retryAfterSeconds() > 0
            ? " Try again in " + refusal.retryAfterSeconds() + " s."
            : "");
  }

  private static Limited.What what(LimitKind kind) {
    return switch (kind) {
      case REQUESTS_PER_MINUTE, CONCURRENT -> Limited.What.REQUESTS;
      case TOKENS_PER_MINUTE, PROMPT_TOKENS, COMPLETION_TOKENS, TOTAL_TOKENS -> Limited.What.TOKENS;
      case COST_USD -> Limited.What.QUOTA;
    };
  }

  private static String sentence(LimitKind kind) {
    return switch (kind) {
      case REQUESTS_PER_MINUTE -> "Too many requests a minute";
      case TOKENS_PER_MINUTE -> "Too many tokens a minute";
      case CONCURRENT -> "Too many requests at once";
      case COST_USD -> "The budget is spent, or the price of the model is not known";
      case PROMPT_TOKENS -> "The prompt is too long";
      case COMPLETION_TOKENS -> "The request allows too long an answer";
      case TOTAL_TOKENS -> "The prompt and the answer that the request allows are too long";
    };
  }
}
