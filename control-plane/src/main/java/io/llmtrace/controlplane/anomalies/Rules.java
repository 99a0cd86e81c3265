package io.llmtrace.controlplane.anomalies;

import io.llmtrace.runtime.config.AnomaliesConfig;
import io.llmtrace.runtime.config.AnomaliesConfig.Sensitivity;

/**
 * When much is too much. All of its bounds must be passed at once.
 *
 * @param deviations above what is expected, in robust standard deviations
 * @param ratio to what is expected, from which on something is told; 2 is twice
 * @param shareAbove of shares: above what is expected
 * @param weeks of history that are looked at
 * @param minimumCostUsd above what is expected, an hour
 * @param minimumTokens above what is expected, an hour
 * @param minimumRequests above what is expected, an hour
 */
public record Rules(
    double deviations,
    double ratio,
    double shareAbove,
    int weeks,
    double minimumCostUsd,
    double minimumTokens,
    double minimumRequests) {

  /** Requests from which on the share of an hour says anything. */
  public static final int LEAST_EVENTS = 20;

  /** Errors or findings above what is expected, from which on a share is told. */
  public static final int LEAST_COUNT = 10;

  public static Rules of(AnomaliesConfig config) {
    Sensitivity sensitivity = config.sensitivity();
    return new Rules(
        switch (sensitivity) {
          case LOW -> 7;
          case MEDIUM -> 5;
          case HIGH -> 3.5;
        },
        switch (sensitivity) {
          case LOW -> 3;
          case MEDIUM -> 2;
          case HIGH -> 1.5;
        },
        switch (sensitivity) {
          case LOW -> 0.1;
          case MEDIUM -> 0.05;
          case HIGH -> 0.03;
        },
        config.lookbackWeeks(),
        config.minimumCostUsd(),
        config.minimumTokens(),
        config.minimumRequests());
  }

  int days() {
    return 7 * weeks;
  }

  /** The least distance from what is expected that is told, in the measure's unit. */
  double minimum(Measure measure) {
    return switch (measure) {
      case COST_USD -> minimumCostUsd;
      case TOKENS -> minimumTokens;
      case REQUESTS -> minimumRequests;
      case ERROR_SHARE, FINDING_SHARE -> shareAbove;
    };
  }
}
