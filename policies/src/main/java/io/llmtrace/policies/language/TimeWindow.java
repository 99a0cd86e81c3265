package io.llmtrace.policies.language;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Set;

/**
 * Hours of days of the week. Immutable.
 *
 * @param days on which it begins; empty is every day
 * @param from begins, inclusive, such as {@code 08:00}
 * @param to ends, exclusive; not later than {@code from} is on the next day
 * @param zone of the clock, such as {@code Europe/Berlin}
 */
public record TimeWindow(Set<DayOfWeek> days, String from, String to, String zone) {
  /**
   * @throws java.time.DateTimeException when a time or the zone is none
   */
  public TimeWindow {
    days = Copies.set(days);
    Hours unused = new Hours(days, LocalTime.parse(from), LocalTime.parse(to), ZoneId.of(zone));
  }

  /** The same, ready to be asked. */
  public Hours hours() {
    return new Hours(days, LocalTime.parse(from), LocalTime.parse(to), ZoneId.of(zone));
  }

  /** A window whose texts have been read. */
  public record Hours(Set<DayOfWeek> days, LocalTime from, LocalTime to, ZoneId zone) {
    /** Whether a moment lies inside. */
    public boolean contain(long epochMillis) {
      ZonedDateTime at = Instant.ofEpochMilli(epochMillis).atZone(zone);
      LocalTime time = at.toLocalTime();
      if (from.isBefore(to)) {
        return on(at.getDayOfWeek()) && !time.isBefore(from) && time.isBefore(to);
      }
      return (on(at.getDayOfWeek()) && !time.isBefore(from))
          || (on(at.getDayOfWeek().minus(1)) && time.isBefore(to));
    }

    private boolean on(DayOfWeek day) {
      return days.isEmpty() || days.contains(day);
    }
  }
}
