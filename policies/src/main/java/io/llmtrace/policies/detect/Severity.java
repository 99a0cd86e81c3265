package io.llmtrace.policies.detect;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How bad a finding is. The order of the constants is the order of severity. */
public enum Severity {
  INFO,
  LOW,
  MEDIUM,
  HIGH,
  CRITICAL;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** The name used on the wire, for example {@code high}. */
  @JsonValue
  public String label() {
    return label;
  }

  /** Whether this severity is as bad as {@code other}, or worse. */
  public boolean atLeast(Severity other) {
    return compareTo(other) >= 0;
  }

  /**
   * Reads a name in any case.
   *
   * @throws IllegalArgumentException for a name that no severity has
   */
  @JsonCreator
  public static Severity of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
