package io.llmtrace.policies.usage;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;

/**
 * Tokens of a request: those of its texts and of what a provider puts around them. Stateless.
 *
 * <p>OpenAI documents what a chat adds (cookbook, "How to count tokens with tiktoken"): three for
 * each message, one for its role, and three that begin the answer. What others add is about as
 * much. How tools are put to a model is documented by nobody: three tokens are taken for the name
 * and the marks around each string of a definition. Images, files and audio are not counted.
 */
public final class PromptTokens {
  private static final int OF_A_MESSAGE = 4;
  private static final int OF_A_CHAT = 3;
  private static final int OF_A_DEFINITION = 3;

  private PromptTokens() {}

  /**
   * Counts as exactly as is possible; the source is {@link UsageSource#COUNTED} where a model's own
   * tokenizer counted all of the request and nothing had to be guessed.
   *
   * @param budget a spent one makes the rest of it an estimate
   */
  public static TokenCount of(Exchange exchange, InspectionBudget budget) {
    TokenCounter counter = TokenCounter.of(exchange.provider(), exchange.model());
    TokenCount texts = TokenCount.NONE;
    for (Segment segment : exchange.segments()) {
      if (isPrompt(segment)) {
        texts = texts.plus(counter.count(segment.text(), budget));
      }
    }
    UsageSource around = isDocumented(exchange) ? UsageSource.COUNTED : UsageSource.ESTIMATED;
    return texts.plus(new TokenCount(around(exchange), around));
  }

  /** Estimates, whatever the model: for a decision that must be made at once. */
  public static long estimate(Exchange exchange) {
    TokenCounter counter = TokenCounter.of(exchange.provider(), exchange.model());
    long tokens = around(exchange);
    for (Segment segment : exchange.segments()) {
      if (isPrompt(segment)) {
        tokens += counter.estimate(segment.text());
      }
    }
    return tokens;
  }

  /**
   * Settings are for the provider and are not shown to the model, but for the form of an answer.
   */
  private static boolean isPrompt(Segment segment) {
    return segment.zone() != Zone.METADATA
        || !segment.role().equals("settings")
        || segment.pointer().startsWith("/response_format")
        || segment.pointer().startsWith("/text");
  }

  private static boolean isDocumented(Exchange exchange) {
    boolean known =
        switch (exchange.dialect()) {
          case OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS -> true;
          default -> false;
        };
    if (!known
        || exchange.uninspectedParts() > 0
        || exchange.model().contains("gpt-oss")
        || !ModelFamily.isOpenAiModel(exchange.model())) {
      return false;
    }
    for (Segment segment : exchange.segments()) {
      boolean spoken =
          segment.zone() == Zone.SYSTEM
              || segment.zone() == Zone.USER
              || segment.zone() == Zone.ASSISTANT;
      if (!spoken && isPrompt(segment)) {
        return false;
      }
    }
    return true;
  }

  private static long around(Exchange exchange) {
    if (exchange.dialect() == Dialect.OPENAI_COMPLETIONS
        || exchange.dialect() == Dialect.OPENAI_EMBEDDINGS
        || exchange.dialect() == Dialect.OPENAI_MODERATIONS) {
      return 0;
    }
    int messages = 0;
    int definitions = 0;
    String before = "";
    for (Segment segment : exchange.segments()) {
      if (segment.zone() == Zone.METADATA) {
        definitions += isPrompt(segment) ? 1 : 0;
        continue;
      }
      int end = messageEnd(segment.pointer());
      if (end != before.length() || !segment.pointer().startsWith(before) || messages == 0) {
        messages++;
        before = segment.pointer().substring(0, end);
      }
    }
    return messages == 0 && definitions == 0
        ? 0
        : OF_A_CHAT + (long) OF_A_MESSAGE * messages + (long) OF_A_DEFINITION * definitions;
  }

  /** Where the pointer of the message ends: two names in, {@code /messages/3}. */
  private static int messageEnd(String pointer) {
    int second = pointer.indexOf('/', 1);
    int third = second < 0 ? -1 : pointer.indexOf('/', second + 1);
    return third < 0 ? pointer.length() : third;
  }
}
