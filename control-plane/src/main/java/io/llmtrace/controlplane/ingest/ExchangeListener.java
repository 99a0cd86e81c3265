package io.llmtrace.controlplane.ingest;

import java.util.List;

/**
 * Is told of exchanges once they are committed, each once and by one replica: the one that stored
 * the last of it. What is told is lost with the process. Called by the threads that store, so it
 * never waits and never throws; thread-safe.
 */
@FunctionalInterface
public interface ExchangeListener {
  /** Nobody listens. */
  ExchangeListener NONE = exchanges -> {};

  void stored(List<StoredExchange> exchanges);
}
