package io.llmtrace.testkit.gateway;

/** The runner gave no decision: it is away, silent, answered an error, or broke the protocol. */
final class RunnerFailure extends Exception {
  private static final long serialVersionUID = 1L;

  RunnerFailure(String message) {
    super(message);
  }

  RunnerFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
