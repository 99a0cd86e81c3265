package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.statistics.RecentSums;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What must hold of sums. Thread-safe. */
interface Condition {
  /**
   * What a look at sums says.
   *
   * @param value as people read it
   * @param threshold as people read it
   */
  record Verdict(boolean active, boolean clear, double value, double threshold, String unit) {}

  /**
   * Judges sums.
   *
   * @param seconds that the sums are of
   */
  Verdict judge(RecentSums sums, Map<String, String> labels, double seconds);

  /**
   * That one measure is above a threshold.
   *
   * @param until below which it is over; null for as soon as it is not above
   */
  record Above(Measured measured, double threshold, @Nullable Double until) implements Condition {
    @Override
    public Verdict judge(RecentSums sums, Map<String, String> labels, double seconds) {
      double value = measured.of(sums, seconds);
      boolean active = value > threshold;
      return new Verdict(
          active,
          !active && (until == null || value < until),
          measured.shown(value),
          measured.shown(threshold),
          measured.unit());
    }
  }
}
