package io.llmtrace.policies.usage;

import io.llmtrace.policies.detect.InspectionBudget;

/**
 * Counts tokens as one model does: with the model's own tokenizer where it is OpenAI's, and by a
 * calibrated estimate elsewhere. Immutable and thread-safe.
 */
public final class TokenCounter {
  /** Characters of one text that a tokenizer is given. */
  static final int MOST_EXACT = 1 << 17;

  /**
   * Characters that it is given in one piece, which nothing interrupts: of the slowest, emoji, some
   * 50 milliseconds. A text has a place to cut every few characters, and only a made one has none.
   */
  private static final int MOST_AT_ONCE = 1 << 13;

  /** Characters between two looks at the budget. */
  private static final int STEP = 1 << 12;

  private final ModelFamily family;
  private final boolean exact;

  private TokenCounter(ModelFamily family, boolean exact) {
    this.family = family;
    this.exact = exact;
  }

  /**
   * The counter of a model.
   *
   * @param provider value of the {@code provider} label, which decides where the name says nothing
   * @param model as the client or the answer names it
   */
  public static TokenCounter of(String provider, String model) {
    return new TokenCounter(ModelFamily.of(provider, model), ModelFamily.isOpenAiModel(model));
  }

  /** Loads OpenAI's vocabularies, which takes some seconds at most, before traffic needs them. */
  public static void warmUp() {
    for (ModelFamily family : ModelFamily.values()) {
      if (family.isOpenAi()) {
        OpenAiTokens.of(family).count("Warm");
      }
      TokenEstimate.of(family, "Warm");
    }
  }

  /** Whether this model's own tokenizer is at hand. */
  public boolean isExact() {
    return exact;
  }

  /**
   * Counts as exactly as is possible within a budget.
   *
   * @param budget a spent one makes it an estimate; looked at every few thousand characters
   */
  public TokenCount count(String text, InspectionBudget budget) {
    if (!exact || text.length() > MOST_EXACT) {
      return new TokenCount(estimate(text), UsageSource.ESTIMATED);
    }
    OpenAiTokens tokenizer = OpenAiTokens.of(family);
    long tokens = 0;
    int from = 0;
    while (from < text.length()) {
      int to = tokenizer.cut(text, from, STEP);
      if (to - from > MOST_AT_ONCE || budget.spent()) {
        return new TokenCount(tokens + estimate(text.substring(from)), UsageSource.ESTIMATED);
      }
      tokens += tokenizer.count(text, from, to);
      from = to;
    }
    return new TokenCount(tokens, UsageSource.COUNTED);
  }

  /** Estimates, also for models whose tokenizer is at hand: some fifty microseconds for 8 KB. */
  public long estimate(String text) {
    return TokenEstimate.of(family, text);
  }
}
