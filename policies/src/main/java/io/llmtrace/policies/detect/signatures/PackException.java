package io.llmtrace.policies.detect.signatures;

import java.util.List;

/** A signature pack that cannot be used, with every problem it has. */
public final class PackException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  public PackException(String pack, List<String> problems) {
    super(pack + ": " + String.join("; ", problems));
    this.problems = List.copyOf(problems);
  }

  /** Each problem with its line, rule and key, in the order of the file. */
  public List<String> problems() {
    return problems;
  }
}
