package io.llmtrace.plugin.conf;

/** What happens to a request that could not be looked at. */
public enum OnUninspectable {
  /** It passes, counted as uninspected. */
  PASS,
  /** It is answered with 403. */
  BLOCK
}
