package io.llmtrace.policies.json;

import java.io.IOException;

/** A document of which nothing is made, because that would take too much memory. */
public final class HeavyJsonException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  HeavyJsonException(String reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** {@code too_large}: it would never be read; {@code memory}: there is none for it now. */
  public String reason() {
    return reason;
  }
}
