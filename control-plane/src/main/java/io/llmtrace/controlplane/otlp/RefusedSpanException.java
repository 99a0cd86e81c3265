package io.llmtrace.controlplane.otlp;

/** A span that cannot be an exchange; the message says why and what would be right. */
final class RefusedSpanException extends Exception {
  private static final long serialVersionUID = 1;

  RefusedSpanException(String message) {
    super(message);
  }

  String reason() {
    String message = getMessage();
    return message == null ? "" : message;
  }
}
