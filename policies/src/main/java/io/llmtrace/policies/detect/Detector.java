package io.llmtrace.policies.detect;

import java.util.function.Consumer;

/** One stage of the cascade. Implementations are thread-safe and keep nothing of a segment. */
public interface Detector {
  /** The stage's name in receipts and in {@link Finding#detector()}. */
  String name();

  /**
   * Reads one segment. An implementation that sees the budget spent returns early; what it has
   * handed to {@code sink} until then counts.
   */
  void detect(SegmentReading reading, InspectionBudget budget, Consumer<Finding> sink);
}
