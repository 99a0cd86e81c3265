package io.llmtrace.policies.exchange;

/** A body that cannot be turned into text; {@link #reason()} becomes the receipt's reason. */
public final class UnreadableBodyException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  UnreadableBodyException(String reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** {@code unparsable}, {@code too_large}, {@code memory}, {@code realtime} or {@code budget}. */
  public String reason() {
    return reason;
  }
}
