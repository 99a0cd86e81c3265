package io.llmtrace.testkit.gateway;

import java.util.Optional;
import java.util.concurrent.CompletionException;

/** The runner gave no decision: it is away, silent, answered an error, or broke the protocol. */
final class RunnerFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RunnerFailure(String message) {
    super(message);
  }

  RunnerFailure(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * What kept a call from its decision, where the runner did, by unreadable frames too; empty where
   * the fault is the gateway's own.
   */
  static Optional<RunnerFailure> of(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof IllegalArgumentException || cause instanceof IndexOutOfBoundsException) {
      return Optional.of(new RunnerFailure("no decision: " + cause.getMessage(), cause));
    }
    return cause instanceof RunnerFailure known ? Optional.of(known) : Optional.empty();
  }
}
