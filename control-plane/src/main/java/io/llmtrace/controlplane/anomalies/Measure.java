package io.llmtrace.controlplane.anomalies;

import io.llmtrace.policies.detect.FindingType;
import java.util.Locale;

/** What is watched of a series, with the type of finding that too much of it is. */
public enum Measure {
  /** US dollars an hour. */
  COST_USD(FindingType.COST_SPIKE),
  /** Tokens of prompts and answers an hour. */
  TOKENS(FindingType.TOKEN_SPIKE),
  /** Requests an hour. */
  REQUESTS(FindingType.REQUEST_SPIKE),
  /** Share of requests that ended with status 5xx. */
  ERROR_SHARE(FindingType.ERROR_SPIKE),
  /** Findings to an inspected exchange. */
  FINDING_SHARE(FindingType.FINDING_SPIKE);

  private final FindingType type;
  private final String label = name().toLowerCase(Locale.ROOT);

  Measure(FindingType type) {
    this.type = type;
  }

  public FindingType type() {
    return type;
  }

  public String label() {
    return label;
  }

  /** Whether it is a share of some total, and not an amount that has seasons. */
  boolean isShare() {
    return this == ERROR_SHARE || this == FINDING_SHARE;
  }

  /** The amount of an hour; of a share what is counted. */
  double amount(HourSums sums) {
    return switch (this) {
      case COST_USD -> sums.costUsd();
      case TOKENS -> sums.tokens();
      case REQUESTS -> sums.requests();
      case ERROR_SHARE -> sums.errors();
      case FINDING_SHARE -> sums.findings();
    };
  }

  /** What an amount is made of: events, of which each has a part of it or is one of them. */
  double events(HourSums sums) {
    return this == FINDING_SHARE ? sums.exchanges() : sums.requests();
  }

  /** The number that is compared and shown. */
  double value(HourSums sums) {
    if (!isShare()) {
      return amount(sums);
    }
    double events = events(sums);
    return events == 0 ? 0 : amount(sums) / events;
  }
}
