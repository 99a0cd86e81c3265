package io.llmtrace.runtime.config;

/**
 * {@code control_plane.retention}: days that exchanges of a class are kept, the day of the exchange
 * included. Sums by hour and day are kept for longer; see the reference.
 */
public record RetentionConfig(int shortDays, int standardDays, int longDays) {
  public static RetentionConfig defaults() {
    return new RetentionConfig(7, 30, 400);
  }
}
