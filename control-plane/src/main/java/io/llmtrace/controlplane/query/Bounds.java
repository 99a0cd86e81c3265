package io.llmtrace.controlplane.query;

import io.llmtrace.policies.id.Ulid;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of decision ids. They tell their time, so it is a stretch of time, too.
 *
 * @param from the least id
 * @param before the first id that is too late
 */
public record Bounds(String from, String before) {
  private static final Instant FIRST = Instant.parse("2000-01-01T00:00:00Z");
  private static final Instant END = Instant.parse("9000-01-01T00:00:00Z");

  /**
   * From a moment to another one, open where there is none.
   *
   * @param until exclusive
   */
  public static Bounds between(@Nullable Instant since, @Nullable Instant until) {
    return new Bounds(start(since == null ? FIRST : since), start(until == null ? END : until));
  }

  /** One id alone. */
  public static Bounds only(String id) {
    return new Bounds(id, id + "!");
  }

  /** What of this is also in another. */
  public Bounds and(Bounds other) {
    return new Bounds(
        from.compareTo(other.from) > 0 ? from : other.from,
        before.compareTo(other.before) < 0 ? before : other.before);
  }

  /** The least id of a moment, cut up to the millisecond. */
  static String start(Instant moment) {
    long millis = moment.toEpochMilli();
    return Ulid.of(moment.isAfter(Instant.ofEpochMilli(millis)) ? millis + 1 : millis, 0, 0);
  }

  private static LocalDate day(String id) {
    return Ulid.time(id.substring(0, Ulid.LENGTH)).atZone(ZoneOffset.UTC).toLocalDate();
  }

  /** The days that it touches. */
  public Days days() {
    return new Days(day(from), day(before));
  }
}
