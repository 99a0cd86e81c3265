package io.llmtrace.controlplane.storage;

import io.llmtrace.policies.detect.Severity;

/** Severities as numbers that a database compares. Stateless. */
public final class SeverityRank {
  private SeverityRank() {}

  /** From 1 for the least severe. */
  public static int of(Severity severity) {
    return switch (severity) {
      case INFO -> 1;
      case LOW -> 2;
      case MEDIUM -> 3;
      case HIGH -> 4;
      case CRITICAL -> 5;
    };
  }
}
