package io.llmtrace.controlplane.statistics;

import java.util.Locale;

/** What is counted of the last hours, by ten seconds. */
public enum RecentSum {
  EXCHANGES(0),
  FLAGGED(1),
  REDACTED(2),
  LIMITED(3),
  BLOCKED(4),
  PARTIAL(5),
  UNINSPECTED(6),
  /** Exchanges that ended, or that nobody answered in time. */
  REQUESTS(7),
  /** Those of them that ended with a status of 500 or more. */
  ERRORS(8),
  UNOBSERVED(9),
  FINDINGS(10),
  /** Records that were dropped before they could be stored; of no tenant. */
  LOST(11),
  /** Of prompts and answers. */
  TOKENS(12);

  private final String column = name().toLowerCase(Locale.ROOT);
  private final int place;

  RecentSum(int place) {
    this.place = place;
  }

  /** Where it stands among the others, from 0. */
  int place() {
    return place;
  }

  /** The name of the column. */
  public String column() {
    return column;
  }
}
