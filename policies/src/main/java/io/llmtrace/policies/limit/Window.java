package io.llmtrace.policies.limit;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.time.Duration;
import java.util.Locale;

/** A rolling time in which cost is summed. A month is 30 days. */
public enum Window {
  HOUR(Duration.ofHours(1), 30),
  DAY(Duration.ofDays(1), 48),
  WEEK(Duration.ofDays(7), 56),
  MONTH(Duration.ofDays(30), 60);

  private final String label = name().toLowerCase(Locale.ROOT);
  private final Duration length;
  private final int buckets;

  Window(Duration length, int buckets) {
    this.length = length;
    this.buckets = buckets;
  }

  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static Window of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }

  public Duration length() {
    return length;
  }

  /** How many steps a window moves in: what is spent is forgotten up to one step late. */
  int buckets() {
    return buckets;
  }

  long bucketNanos() {
    return length.toNanos() / buckets;
  }
}
