package io.llmtrace.controlplane.alerts.incidents;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Where an incident is between its beginning and its end. */
public enum IncidentState {
  /**
   * Its rule holds, but not for long enough yet; nothing is told, and it may go without a trace.
   */
  PENDING,
  FIRING,
  /** Somebody has taken it: no reminders, no escalation. */
  ACKNOWLEDGED,
  RESOLVED;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** The name used on the wire, for example {@code firing}. */
  @JsonValue
  public String label() {
    return label;
  }

  /** Whether it goes on and is known to people. */
  public boolean isOpen() {
    return this == FIRING || this == ACKNOWLEDGED;
  }
}
