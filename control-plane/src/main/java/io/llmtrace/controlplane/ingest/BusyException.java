package io.llmtrace.controlplane.ingest;

/** More comes than the database takes; the sender tries again a little later. */
public final class BusyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  BusyException() {
    super("too many batches wait to be stored");
  }
}
