package io.llmtrace.controlplane.outbound;

import java.util.List;
import java.util.Map;

/** How a call ended. Reasons name neither targets nor secrets. */
public sealed interface Reply {
  /**
   * The service said something.
   *
   * @param status of HTTP or SMTP
   * @param headers by name in lower case
   * @param bodyStart of the body, as much as is read; not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Answered(int status, Map<String, List<String>> headers, byte[] bodyStart)
      implements Reply {}

  /** It said nothing: it may have taken the message or not, and another time may be better. */
  record Unanswered(String reason) implements Reply {}

  /** Nothing was sent, and nothing will be until somebody changes the configuration. */
  record Refused(String reason) implements Reply {}
}
