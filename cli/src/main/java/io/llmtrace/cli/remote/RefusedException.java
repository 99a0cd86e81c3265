package io.llmtrace.cli.remote;

import java.io.Serial;

/** What was asked for cannot be done. The message says what, and what would be right. */
public final class RefusedException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /** How a command ends for it. */
  public enum Exit {
    /** The server refuses, or what it was asked for did not come about. */
    REFUSED(1),
    /** Something in the arguments is wrong. */
    WRONG(2),
    /** There is no such server, or it gave no answer to go by. */
    AWAY(3);

    private final int code;

    Exit(int code) {
      this.code = code;
    }

    /** The exit code of the process. */
    public int code() {
      return code;
    }
  }

  private final Exit exit;

  public RefusedException(Exit exit, String message) {
    super(message);
    this.exit = exit;
  }

  public RefusedException(Exit exit, String message, Throwable cause) {
    super(message, cause);
    this.exit = exit;
  }

  public Exit exit() {
    return exit;
  }
}
