package io.llmtrace.policies.redact;

import io.llmtrace.policies.detect.InspectionBudget;

/** The budget ended in the middle of a walk. */
final class OutOfTimeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OutOfTimeException() {
    super("the budget is spent", null, false, false);
  }

  static void check(InspectionBudget budget) {
    if (budget.spent()) {
      throw new OutOfTimeException();
    }
  }
}
