package io.llmtrace.runtime.config;

import java.util.List;
import java.util.stream.Collectors;

/** A configuration was refused; the message lists every problem, one a line. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<ConfigProblem> problems;

  /**
   * @param problems at least one
   */
  public ConfigException(List<ConfigProblem> problems) {
    super(problems.stream().map(ConfigProblem::toString).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  /** All problems, in the order of the file. */
  public List<ConfigProblem> problems() {
    return problems;
  }
}
