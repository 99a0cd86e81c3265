package io.llmtrace.plugin.telemetry;

import java.io.IOException;

/** A record could not be written to the spool: it is lost unless the caller still has it. */
public final class SpoolRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  public SpoolRefusedException(String message, Throwable cause) {
    super(message, cause);
  }

  public SpoolRefusedException(String message) {
    super(message);
  }
}
