package io.llmtrace.plugin.gateway;

/** A payload that is not the flatbuffer its frame announces. */
final class BadFrameException extends Exception {
  private static final long serialVersionUID = 1L;

  BadFrameException(String message) {
    super(message);
  }

  BadFrameException(String message, Throwable cause) {
    super(message, cause);
  }
}
