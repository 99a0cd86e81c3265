package io.llmtrace.controlplane.statistics;

import java.util.Locale;

/** What is counted of the last hours, by ten seconds. */
public enum RecentSum {
  EXCHANGES,
  FLAGGED,
  REDACTED,
  LIMITED,
  BLOCKED,
  PARTIAL,
  UNINSPECTED,
  /** Exchanges that ended, or that nobody answered in time. */
  REQUESTS,
  /** Those of them that ended with a status of 500 or more. */
  ERRORS,
  UNOBSERVED,
  FINDINGS,
  /** Records that were dropped before they could be stored; of no tenant. */
  LOST,
  /** Of prompts and answers. */
  TOKENS;

  private final String column = name().toLowerCase(Locale.ROOT);

  /** The name of the column. */
  public String column() {
    return column;
  }
}
