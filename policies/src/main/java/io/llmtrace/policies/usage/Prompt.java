package io.llmtrace.policies.usage;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Exchange;

/**
 * What of a request is remembered until its answer says, or does not say, what both used.
 *
 * @param api what it is written in, which its answer will be read as
 * @param provider value of the {@code provider} label
 * @param model as the client names it
 */
public record Prompt(Api api, String provider, String model, TokenCount tokens) {
  /**
   * Remembers a request. A streamed answer often says nothing of usage, so that its request is
   * counted as exactly as is possible; any other one nearly always does, so that an estimate, which
   * takes the same short time for any text, will do.
   *
   * @param budget of the count
   */
  public static Prompt of(Exchange exchange, InspectionBudget budget) {
    TokenCount tokens =
        exchange.stream()
            ? PromptTokens.of(exchange, budget)
            : new TokenCount(PromptTokens.estimate(exchange), UsageSource.ESTIMATED);
    return new Prompt(exchange.api(), exchange.provider(), exchange.model(), tokens);
  }
}
