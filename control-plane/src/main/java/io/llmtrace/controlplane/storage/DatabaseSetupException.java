package io.llmtrace.controlplane.storage;

/** The database lacks something that only its administrator can give; the message says the SQL. */
public final class DatabaseSetupException extends Exception {
  private static final long serialVersionUID = 1L;

  DatabaseSetupException(String message, Throwable cause) {
    super(message, cause);
  }
}
