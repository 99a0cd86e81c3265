package io.llmtrace.testkit.gateway;

/** The upstream gave no answer, or broke off in the middle of one. */
final class UpstreamFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final int status;

  /**
   * Says what went wrong.
   *
   * @param status what the client is told where its answer has not begun: 502 or 504
   */
  UpstreamFailure(int status, String message) {
    super(message);
    this.status = status;
  }

  UpstreamFailure(int status, String message, Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  int status() {
    return status;
  }
}
