package io.llmtrace.policies.detect.text;

import io.llmtrace.policies.detect.InspectionBudget;

/**
 * Counts work and asks the budget now and then: a clock costs more than a character. Not
 * thread-safe.
 */
final class Work {
  /**
   * Characters between two questions. The slowest loop takes some 20 ns for each, so a question is
   * asked at least every 200 µs.
   */
  static final int GRAIN = 8 * 1024;

  private final InspectionBudget budget;
  private int left;
  private boolean stopped;

  Work(InspectionBudget budget) {
    this.budget = budget;
  }

  /** Counts {@code characters} of work; true when there is no time for more. */
  boolean spent(int characters) {
    left -= characters;
    if (left < 0 && !stopped) {
      left = GRAIN;
      stopped = budget.spent();
    }
    return stopped;
  }

  boolean stopped() {
    return stopped;
  }
}
