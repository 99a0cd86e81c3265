package io.llmtrace.policies.detect.classify;

import java.util.Locale;

/**
 * Whether a model can be asked.
 *
 * @param status what became of it
 * @param reason why it cannot be asked; empty while it loads and once it is loaded
 */
public record ModelState(Status status, String reason) {
  /** What can become of a model. */
  public enum Status {
    /** Being read in the background; the other stages work meanwhile. */
    LOADING,
    /** Ready. */
    LOADED,
    /** Its file or the library that runs it is not there: expected, for example in a small jar. */
    ABSENT,
    /** It is there and cannot be used: damaged, of another shape, or it broke while running. */
    FAILED;

    /** The name in {@code /health}, for example {@code loaded}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
