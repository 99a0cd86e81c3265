package io.llmtrace.controlplane.storage;

import java.util.Locale;

/** How long exchanges are kept; each class has partitions of its own, so that dropping is cheap. */
public enum RetentionClass {
  SHORT,
  STANDARD,
  LONG,
  /** Legal hold: kept until somebody ends the hold. */
  HOLD;

  private final String label = name().toLowerCase(Locale.ROOT);

  public String label() {
    return label;
  }

  /**
   * The class of that label.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static RetentionClass of(String label) {
    for (RetentionClass each : values()) {
      if (each.label.equals(label)) {
        return each;
      }
    }
    throw new IllegalArgumentException(
        "expected short, standard, long or hold, was \"" + label + '"');
  }
}
