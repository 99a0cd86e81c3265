package io.llmtrace.plugin.gateway;

import java.util.function.Consumer;

/** What decides about requests. Thread-safe. */
@FunctionalInterface
public interface ExchangeHandler {
  /**
   * Takes a request. Called on an event loop, so it must return at once.
   *
   * @param lease memory of the body; the handler closes it when it holds the body no longer
   * @param responder takes the answer, exactly once, on any thread; a second answer is counted and
   *     dropped
   */
  void handle(GatewayRequest request, MemoryBudget.Lease lease, Consumer<Answer> responder);
}
