package io.llmtrace.policies.detect.engine;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * How sure the engine must be before it speaks of an attack. The scorecard says what each costs in
 * false alarms and misses.
 */
public enum Profile {
  /** Speaks only when it is nearly certain. */
  RELAXED,
  /** The default. */
  BALANCED,
  /** Speaks early: for routes on which a miss costs more than an alarm. */
  STRICT;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** The name used in policies and on the command line. */
  @JsonValue
  public String label() {
    return label;
  }

  /**
   * Reads a name.
   *
   * @throws IllegalArgumentException for a name that no profile has
   */
  @JsonCreator
  public static Profile of(String label) {
    for (Profile profile : values()) {
      if (profile.label.equals(label)) {
        return profile;
      }
    }
    throw new IllegalArgumentException("unknown profile '" + label + "'");
  }
}
