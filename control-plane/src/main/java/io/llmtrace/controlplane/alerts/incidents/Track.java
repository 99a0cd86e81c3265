package io.llmtrace.controlplane.alerts.incidents;

import org.jspecify.annotations.Nullable;

/**
 * What is known of one group of one rule.
 *
 * @param current the incident that is pending or open, or null
 * @param last the one before, as long as it may begin again or is held, or null
 */
public record Track(@Nullable Incident current, @Nullable Incident last) {
  public static final Track NONE = new Track(null, null);
}
