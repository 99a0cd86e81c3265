package io.llmtrace.controlplane.alerts.delivery;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What came of an attempt, for the row and the log. A status is of HTTP or SMTP, null where nothing
 * was answered.
 */
sealed interface Outcome {
  @Nullable Integer status();

  /**
   * The service has it.
   *
   * @param reference joins follow-ups, or null
   */
  record Delivered(@Nullable Integer status, @Nullable String reference) implements Outcome {}

  /**
   * Not this time.
   *
   * @param after what the service asked for, or null
   */
  record Again(@Nullable Integer status, String reason, @Nullable Duration after)
      implements Outcome {}

  /** Not at all, until somebody changes something. */
  record Parked(@Nullable Integer status, String reason) implements Outcome {}

  /** As the log and the metrics call it. */
  default String label() {
    return this instanceof Delivered ? "delivered" : this instanceof Again ? "retry" : "parked";
  }
}
