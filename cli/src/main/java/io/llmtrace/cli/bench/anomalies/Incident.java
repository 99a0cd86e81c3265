package io.llmtrace.cli.bench.anomalies;

import java.util.List;

/**
 * Something that goes wrong for some hours.
 *
 * @param size times what it would have been; of shares the share
 * @param from first hour
 * @param until hour after the last
 */
record Incident(Kind kind, double size, long from, long until) {
  /** What goes wrong. */
  enum Kind {
    /** Each request costs more: a dearer model. */
    COST,
    /** Each request is longer, and costs more. */
    TOKENS,
    /** More requests: a loop. */
    REQUESTS,
    ERRORS,
    FINDINGS,
    /** A model that was never used. */
    MODEL;

    List<Double> sizes() {
      return switch (this) {
        case COST, TOKENS, REQUESTS -> List.of(1.5, 2.0, 3.0, 5.0, 10.0);
        case ERRORS, FINDINGS -> List.of(0.1, 0.2, 0.5);
        case MODEL -> List.of(1.0);
      };
    }
  }

  boolean holds(long hour) {
    return hour >= from && hour < until;
  }

  double factor(Kind of, long hour) {
    return kind == of && holds(hour) ? size : 1;
  }
}
