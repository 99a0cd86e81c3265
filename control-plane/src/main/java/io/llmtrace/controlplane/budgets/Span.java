package io.llmtrace.controlplane.budgets;

import io.llmtrace.policies.limit.Window;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.List;

/**
 * The time that is summed up: the last so many hours, or the calendar's hour, day, week (from
 * Monday) or month so far, in UTC.
 *
 * @param from start of an hour, included
 * @param until when a calendar's window ends; now for a rolling one
 */
record Span(Instant from, Instant until) {
  static final String ROLLING = "rolling";
  static final String CALENDAR = "calendar";
  static final List<String> KINDS = List.of(ROLLING, CALENDAR);

  static Span of(Window window, String kind, Instant now) {
    if (kind.equals(ROLLING)) {
      // Sums are by hour: the hour that the window begins in counts whole.
      return new Span(now.minus(window.length()).truncatedTo(ChronoUnit.HOURS), now);
    }
    OffsetDateTime hour = now.atOffset(ZoneOffset.UTC).truncatedTo(ChronoUnit.HOURS);
    OffsetDateTime day = hour.truncatedTo(ChronoUnit.DAYS);
    OffsetDateTime from =
        switch (window) {
          case HOUR -> hour;
          case DAY -> day;
          case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
          case MONTH -> day.withDayOfMonth(1);
        };
    OffsetDateTime until =
        switch (window) {
          case HOUR -> from.plusHours(1);
          case DAY -> from.plusDays(1);
          case WEEK -> from.plusWeeks(1);
          case MONTH -> from.plusMonths(1);
        };
    return new Span(from.toInstant(), until.toInstant());
  }
}
