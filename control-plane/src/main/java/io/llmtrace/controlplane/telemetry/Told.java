package io.llmtrace.controlplane.telemetry;

import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import org.jspecify.annotations.Nullable;

/**
 * An exchange with both halves at hand.
 *
 * @param answered how it ended; null where nobody observed that
 */
record Told(InspectionRecord asked, @Nullable CompletionRecord answered) {
  /** Class of its error, of few values; null where there was none. */
  @Nullable String errorType() {
    Action action = asked.decision().action();
    if (action == Action.BLOCK) {
      return "llmtrace.blocked";
    }
    if (action == Action.LIMIT) {
      return "llmtrace.limited";
    }
    if (answered == null) {
      return null;
    }
    if (answered.upstreamError() != null) {
      return answered.upstreamError();
    }
    return answered.status() >= 400 ? Integer.toString(answered.status()) : null;
  }

  /** Epoch nanoseconds, by the clock that also measured how long it took. */
  long startNanos() {
    return 1_000_000L * (answered == null ? asked.at() : answered.at());
  }

  /** Nanoseconds of all of it; of an exchange that nobody observed, of our own part. */
  long durationNanos() {
    return answered == null
        ? 1_000L * asked.stagesMicros().getOrDefault("total", 0L)
        : (long) (1_000_000 * answered.latencyMs());
  }
}
