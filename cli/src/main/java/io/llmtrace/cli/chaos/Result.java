package io.llmtrace.cli.chaos;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of one fault.
 *
 * @param fault which
 * @param verdict of it
 * @param problems what was not as expected, or why it was skipped
 * @param measured null where nothing was
 * @param seconds that it took in all
 */
record Result(
    Fault fault,
    Verdict verdict,
    List<String> problems,
    @Nullable Measured measured,
    double seconds) {
  Result {
    problems = List.copyOf(problems);
  }

  /** Whether it was as expected. */
  enum Verdict {
    OK,
    NOT_OK,
    /** This machine cannot do it. */
    SKIPPED
  }
}
