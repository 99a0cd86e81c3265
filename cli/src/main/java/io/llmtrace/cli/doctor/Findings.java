package io.llmtrace.cli.doctor;

import java.util.ArrayList;
import java.util.List;

/** Collects the problems of one check. Not thread-safe. */
final class Findings {
  private final String check;
  private final List<Problem> problems = new ArrayList<>();

  Findings(String check) {
    this.check = check;
  }

  Findings error(String cause, String mend) {
    problems.add(new Problem(check, Severity.ERROR, cause, mend));
    return this;
  }

  Findings warning(String cause, String mend) {
    problems.add(new Problem(check, Severity.WARNING, cause, mend));
    return this;
  }

  boolean none() {
    return problems.isEmpty();
  }

  /**
   * The outcome.
   *
   * @param seen what is said where nothing was found
   */
  Outcome or(String seen) {
    return problems.isEmpty() ? new Outcome.Fine(seen) : new Outcome.Wrong(problems);
  }
}
