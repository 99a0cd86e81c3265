package io.llmtrace.controlplane.findings;

import java.util.Locale;
import java.util.Optional;

/** What people make of a finding. */
public enum FindingState {
  /** Nobody said anything, or somebody opened it again. */
  OPEN,
  /** Somebody looks into it. */
  ACKNOWLEDGED,
  /** It is none. */
  FALSE_POSITIVE,
  /** It was one, and something was done. */
  RESOLVED;

  private final String label = name().toLowerCase(Locale.ROOT);

  public String label() {
    return label;
  }

  /** The state of a label, if there is one. */
  public static Optional<FindingState> of(String label) {
    for (FindingState each : values()) {
      if (each.label.equals(label)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }
}
