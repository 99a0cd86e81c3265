package io.llmtrace.policies.bundle;

/** A bundle that an instance does not go by. */
public final class RefusedBundleException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  /**
   * @param reason one word, for a metric: {@code format}, {@code size}, {@code signature}, {@code
   *     content}, {@code revision}, {@code expired}, {@code node}, {@code policy}
   * @param message for people
   */
  public RefusedBundleException(String reason, String message) {
    super(message);
    this.reason = reason;
  }

  public String reason() {
    return reason;
  }
}
