package io.llmtrace.cli.gateway;

import java.io.Serial;

/** What was asked for cannot be done. The message says what, and what would be right. */
final class GatewayException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /** How a command ends for it. */
  enum Exit {
    /** The gateway refuses, or the route is not fit for it. */
    REFUSED(1),
    /** Something in the arguments is wrong. */
    WRONG(2),
    /** There is no Admin API, or none that gave an answer to go by. */
    AWAY(3);

    private final int code;

    Exit(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  private final Exit exit;

  GatewayException(Exit exit, String message) {
    super(message);
    this.exit = exit;
  }

  GatewayException(Exit exit, String message, Throwable cause) {
    super(message, cause);
    this.exit = exit;
  }

  Exit exit() {
    return exit;
  }
}
