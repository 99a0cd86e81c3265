package io.llmtrace.controlplane.storage;

/**
 * The database is not one that can be used as it is, and only people can mend that; the message
 * says how.
 */
public final class DatabaseSetupException extends Exception {
  private static final long serialVersionUID = 1L;

  DatabaseSetupException(String message) {
    super(message);
  }

  DatabaseSetupException(String message, Throwable cause) {
    super(message, cause);
  }
}
