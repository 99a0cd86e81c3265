package io.llmtrace.runtime.config;

/**
 * {@code control_plane.anomalies}: use that is out of the ordinary. An hour is told that is above
 * what its like was in the weeks before, by much and by at least the minimum.
 *
 * @param enabled whether anything is watched
 * @param sensitivity how much is too much
 * @param lookbackWeeks of history that are compared with
 * @param minimumCostUsd US dollars an hour above what is expected
 * @param minimumTokens tokens an hour above what is expected
 * @param minimumRequests requests an hour above what is expected
 */
public record AnomaliesConfig(
    boolean enabled,
    Sensitivity sensitivity,
    int lookbackWeeks,
    double minimumCostUsd,
    int minimumTokens,
    int minimumRequests) {

  /** Sums by hour are kept for a little more than these. */
  public static final int MOST_WEEKS = 8;

  /** How much is too much. */
  public enum Sensitivity {
    LOW,
    MEDIUM,
    HIGH
  }

  public static AnomaliesConfig defaults() {
    return new AnomaliesConfig(true, Sensitivity.MEDIUM, 5, 1, 50_000, 50);
  }
}
