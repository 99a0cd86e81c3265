package io.llmtrace.runtime.config;

/** What happens to an exchange that could not be inspected. */
public enum OnUninspectable {
  /** It passes, is counted, and its record says why nothing was looked at. */
  PASS,
  /** The client gets 403. */
  BLOCK
}
