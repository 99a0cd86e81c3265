package io.llmtrace.policies.language;

import io.llmtrace.policies.yaml.YamlProblem;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A policy file, or a file of its tests, that cannot be used; the message lists every problem, one
 * a line.
 */
public final class PolicyProblemsException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<YamlProblem> problems;

  /**
   * @param problems at least one
   */
  public PolicyProblemsException(List<YamlProblem> problems) {
    super(problems.stream().map(YamlProblem::toString).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  /** All problems, in the order of the file. */
  public List<YamlProblem> problems() {
    return problems;
  }
}
