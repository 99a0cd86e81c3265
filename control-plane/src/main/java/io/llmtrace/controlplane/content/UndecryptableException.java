package io.llmtrace.controlplane.content;

/**
 * Something cannot be decrypted, or encrypted. The message names keys by their ids and no secret.
 */
public final class UndecryptableException extends Exception {
  private static final long serialVersionUID = 1;

  public UndecryptableException(String message) {
    super(message);
  }
}
