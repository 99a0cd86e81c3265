package io.llmtrace.policies.detect.classify;

/** A model that cannot be used; the message says which, why, and what was expected. */
public final class ModelException extends Exception {
  private static final long serialVersionUID = 1L;
  private final boolean absent;

  private ModelException(String message, boolean absent) {
    super(message);
    this.absent = absent;
  }

  /** A model that is there and cannot be used. */
  public ModelException(String message, Throwable cause) {
    super(message, cause);
    this.absent = false;
  }

  /** There is no such model: expected where a file or a library may be left out. */
  public static ModelException absent(String message) {
    return new ModelException(message, true);
  }

  /** A model that is there and cannot be used. */
  public static ModelException failed(String message) {
    return new ModelException(message, false);
  }

  /** Whether there is no model at all, rather than one that is wrong. */
  public boolean isAbsent() {
    return absent;
  }
}
