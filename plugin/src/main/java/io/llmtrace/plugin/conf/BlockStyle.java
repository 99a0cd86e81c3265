package io.llmtrace.plugin.conf;

/** How a block is answered. */
public enum BlockStyle {
  /** A 400 in the caller's own dialect. */
  ERROR,
  /** A 200 with a well-formed refusal. */
  REFUSAL,
  /** A 403. */
  FORBIDDEN
}
