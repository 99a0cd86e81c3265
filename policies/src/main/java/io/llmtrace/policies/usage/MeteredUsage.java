package io.llmtrace.policies.usage;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.Usage;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tokens of an exchange and where they come from. Never half of it: where one side is neither
 * reported nor known, there is no usage.
 */
public record MeteredUsage(Usage usage, UsageSource source) {
  /**
   * What is known of an answer.
   *
   * @param reported what the provider said, or null
   * @param whole whether the log holds all of it
   * @param provider value of the {@code provider} label
   * @param model as the answer names it, else as the request does
   * @param text reads the answer's text; asked only where its tokens must be counted
   * @param share how much longer the answer is than what the log holds of it, at least 1
   */
  public record Observed(
      @Nullable Usage reported,
      boolean whole,
      String provider,
      String model,
      Supplier<Answer> text,
      double share) {}

  /**
   * The provider's numbers where all of the answer was seen. A stream that is cut has at most said
   * what its prompt used: its completion is then counted, as is all where nothing was said.
   *
   * @param prompt what is remembered of the request, or null
   * @param budget of the count
   */
  public static Optional<MeteredUsage> of(
      Observed answer, @Nullable Prompt prompt, InspectionBudget budget) {
    Usage reported = answer.reported();
    if (reported != null && answer.whole()) {
      return Optional.of(new MeteredUsage(reported, UsageSource.REPORTED));
    }
    if (reported != null) {
      long completion = Math.max(reported.completionTokens(), completion(answer, budget).tokens());
      return Optional.of(
          new MeteredUsage(
              new Usage(
                  reported.promptTokens(),
                  completion,
                  reported.cachedTokens(),
                  reported.cacheWriteTokens(),
                  reported.reasoningTokens()),
              UsageSource.ESTIMATED));
    }
    if (prompt == null || !prompt.api().spendsTokens()) {
      return Optional.empty();
    }
    TokenCount completion = completion(answer, budget);
    return Optional.of(
        new MeteredUsage(
            new Usage(prompt.tokens().tokens(), completion.tokens()),
            prompt.tokens().plus(completion).source()));
  }

  private static TokenCount completion(Observed answer, InspectionBudget budget) {
    TokenCount seen =
        AnswerTokens.of(answer.provider(), answer.model(), answer.text().get(), budget);
    return answer.share() > 1
        ? new TokenCount(Math.round(seen.tokens() * answer.share()), UsageSource.ESTIMATED)
        : seen;
  }
}
