package io.llmtrace.policies.limit;

import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;

/** How long a prompt is; asked while a request waits, so it has to be cheap. Thread-safe. */
@FunctionalInterface
public interface PromptSize {
  /**
   * A token for every four UTF-16 units, rounded up: what English text comes to in the tokenizers
   * of the large providers. Code and other scripts take more tokens than it says.
   */
  PromptSize FOUR_CHARACTERS =
      exchange -> {
        long chars = 0;
        for (Segment segment : exchange.segments()) {
          chars += segment.text().length();
        }
        return (chars + 3) / 4;
      };

  /** Tokens of the prompt, at least 0. */
  long tokens(Exchange exchange);
}
