package io.llmtrace.controlplane.storage;

/** The database cannot be used now; a later try may succeed. */
public final class StorageUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StorageUnavailableException(String state) {
    super("storage is " + state);
  }
}
