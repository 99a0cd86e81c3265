package io.llmtrace.policies.detect;

import java.util.function.Consumer;

/**
 * A stage that needs the whole of an exchange: what one segment means beside the others, or beside
 * what came before. It runs after all {@link Detector}s. Implementations are thread-safe.
 */
public interface ExchangeDetector {
  /** The stage's name in receipts and in {@link Finding#detector()}. */
  String name();

  /**
   * Reads an exchange. An implementation that sees the budget spent returns early; what it has
   * handed to {@code sink} until then counts.
   */
  void detect(ExchangeReading reading, InspectionBudget budget, Consumer<Finding> sink);
}
