package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import java.util.function.Consumer;

/**
 * A stage that reads answers. Implementations are thread-safe and keep nothing of an answer.
 *
 * <p>A classifier of texts needs no adapter: it is a {@link io.llmtrace.policies.detect.Detector}
 * that reads the zones of an answer, and is given {@link AnswerReading#segments()} one by one.
 */
public interface AnswerDetector {
  /** The stage's name in receipts and in {@link Finding#detector()}. */
  String name();

  /**
   * Reads an answer. An implementation that sees the budget spent returns early; what it has handed
   * to {@code sink} until then counts.
   */
  void detect(AnswerReading reading, InspectionBudget budget, Consumer<Finding> sink);
}
