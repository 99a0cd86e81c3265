package io.llmtrace.controlplane.alerts.delivery;

import io.llmtrace.policies.detect.Severity;
import java.util.List;

/** Severities as numbers that the database sorts by; stored, so never to be changed. Stateless. */
final class Rank {
  private static final List<Severity> RISING =
      List.of(Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL);

  private Rank() {}

  static int of(Severity severity) {
    return RISING.indexOf(severity);
  }

  static Severity severity(int rank) {
    return RISING.get(rank);
  }
}
