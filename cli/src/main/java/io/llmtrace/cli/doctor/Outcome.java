package io.llmtrace.cli.doctor;

import java.util.List;

/** What came of a check. */
sealed interface Outcome {
  /**
   * Nothing is wrong.
   *
   * @param seen what was looked at, in a few words
   */
  record Fine(String seen) implements Outcome {}

  /** The check could not say anything, or there is nothing to look at. */
  record Skipped(String because) implements Outcome {}

  /** At least one problem. */
  record Wrong(List<Problem> problems) implements Outcome {
    public Wrong {
      problems = List.copyOf(problems);
      if (problems.isEmpty()) {
        throw new IllegalArgumentException("without a problem nothing is wrong");
      }
    }
  }
}
