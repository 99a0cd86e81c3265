package io.llmtrace.controlplane.statistics;

import io.llmtrace.policies.detect.Severity;

/**
 * Equal findings of ten seconds.
 *
 * @param bucket where the seconds begin, epoch seconds
 * @param what what they have in common
 */
public record RecentFinding(long bucket, What what, long count) {
  /**
   * What findings are told apart by.
   *
   * @param type such as {@code prompt_injection}
   * @param tenths of confidence, 0 to 10, rounded down
   * @param action what was done, such as {@code block}
   */
  public record What(RecentKeys keys, String type, Severity severity, int tenths, String action) {
    What withoutModel() {
      return new What(keys.withoutModel(), type, severity, tenths, action);
    }
  }
}
