package io.llmtrace.policies.expression;

import java.util.List;
import java.util.stream.Collectors;

/** A condition that cannot be, with everything that is wrong with it. */
public final class ExpressionException extends Exception {
  private static final long serialVersionUID = 1L;

  // Records of ints and strings; nobody serializes it.
  private final transient List<Problem> problems;

  /**
   * Something wrong.
   *
   * @param line from 1
   * @param column from 1, in code points
   * @param message what is wrong
   * @param suggestion what would be right; may be empty
   */
  public record Problem(int line, int column, String message, String suggestion) {
    @Override
    public String toString() {
      return line + ":" + column + " " + message + (suggestion.isEmpty() ? "" : "; " + suggestion);
    }
  }

  ExpressionException(List<Problem> problems) {
    super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  /** At least one, in the order of the text. */
  public List<Problem> problems() {
    return problems;
  }
}
