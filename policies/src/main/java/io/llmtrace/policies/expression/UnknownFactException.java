package io.llmtrace.policies.expression;

/** A policy asked for something that is not known of an exchange of the past. */
public final class UnknownFactException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String fact;

  /**
   * @param fact what was asked for, such as {@code headers}
   */
  public UnknownFactException(String fact) {
    // It stands for an answer, thousands of times in a simulation.
    super("not known of this exchange: " + fact, null, false, false);
    this.fact = fact;
  }

  public String fact() {
    return fact;
  }
}
