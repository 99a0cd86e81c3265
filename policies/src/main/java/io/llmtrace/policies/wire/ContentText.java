package io.llmtrace.policies.wire;

import io.llmtrace.policies.exchange.Zone;

/**
 * A captured text of an exchange.
 *
 * @param zone where it stands in the conversation
 * @param role as the client wrote it; empty for none
 * @param pointer JSON Pointer to the text in the body; empty for a body that is no JSON, and where
 *     it may name somebody
 * @param text what is kept; empty where all of it was left out
 * @param leftOut why not all of it is kept: {@code max_bytes}, {@code unread} (not read to its end,
 *     so nobody knows what is in it), {@code not_redactable}; empty where nothing is missing
 * @param leftOutBytes bytes of the original text in UTF-8 that are not kept
 */
public record ContentText(
    Zone zone, String role, String pointer, String text, String leftOut, long leftOutBytes) {

  /** Without the text: it must not get into a log. */
  @Override
  public String toString() {
    return "ContentText["
        + zone.label()
        + ", "
        + text.length()
        + " characters, "
        + leftOutBytes
        + " bytes left out "
        + leftOut
        + "]";
  }
}
