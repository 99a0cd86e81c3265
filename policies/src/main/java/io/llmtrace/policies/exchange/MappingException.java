package io.llmtrace.policies.exchange;

import java.util.Comparator;
import java.util.List;

/** A file of mappings that cannot be used, with every problem it has. */
public final class MappingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  /**
   * One thing that is wrong.
   *
   * @param line counted from 1
   * @param key path of the key, such as {@code [0].request.model}; empty for the file as a whole
   * @param expectation what would be right
   */
  public record Problem(int line, String key, String expectation) {
    @Override
    public String toString() {
      return "line " + line + ": " + (key.isEmpty() ? "" : key + ": ") + expectation;
    }
  }

  MappingException(List<Problem> problems) {
    super(String.join("\n", ordered(problems).stream().map(Problem::toString).toList()));
    this.problems = ordered(problems);
  }

  private static List<Problem> ordered(List<Problem> problems) {
    return problems.stream().sorted(Comparator.comparingInt(Problem::line)).toList();
  }

  /** In the order of the file. */
  public List<Problem> problems() {
    return problems;
  }
}
