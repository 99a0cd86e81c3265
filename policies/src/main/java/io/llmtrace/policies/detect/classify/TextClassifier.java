package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;

/** Says how much a text looks like an attack. Implementations are thread-safe. */
public interface TextClassifier {
  /** The classifier's name in receipts, for example {@code ngram}. */
  String name();

  /** Names the weights: the same text has the same score as long as this is the same. */
  String version();

  /**
   * Reads all views of a segment. When the budget ends first, the score is that of what was read,
   * and says so.
   */
  Score score(SegmentReading reading, InspectionBudget budget);
}
