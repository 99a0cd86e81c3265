package io.llmtrace.policies.limit;

import io.llmtrace.policies.exchange.Exchange;

/** How long a prompt is; asked while a request waits, so it has to be cheap. Thread-safe. */
@FunctionalInterface
public interface PromptSize {
  /** Tokens of the prompt, at least 0. */
  long tokens(Exchange exchange);
}
