package io.llmtrace.controlplane.statistics;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jdbi.v3.core.statement.Query;

/**
 * A part of a time that sums of one grain answer: of thirty days from now back, the whole days are
 * read from the sums by day, and only what is left at both ends from those by hour.
 *
 * @param days whether by day
 * @param from start of an hour or day, included
 * @param until not included
 */
record TimeSlice(boolean days, Instant from, Instant until) {
  /**
   * Cuts a time.
   *
   * @param from start of an hour
   * @param until not included; hours that begin before it count whole
   */
  static List<TimeSlice> of(Instant from, Instant until) {
    Instant floor = Instant.ofEpochMilli(Cell.dayOf(from.toEpochMilli()));
    Instant first = floor.equals(from) ? floor : floor.plusSeconds(Cell.DAY_SECONDS);
    Instant last = Instant.ofEpochMilli(Cell.dayOf(until.toEpochMilli()));
    if (!first.isBefore(last)) {
      return hours(from, until);
    }
    List<TimeSlice> slices = new ArrayList<>();
    if (from.isBefore(first)) {
      slices.add(new TimeSlice(false, from, first));
    }
    slices.add(new TimeSlice(true, first, last));
    if (last.isBefore(until)) {
      slices.add(new TimeSlice(false, last, until));
    }
    return slices;
  }

  /** Starts of its hours or days. */
  List<Instant> buckets() {
    List<Instant> all = new ArrayList<>();
    for (Instant at = from; at.isBefore(until); ) {
      all.add(at);
      at = at.plusSeconds(days ? Cell.DAY_SECONDS : Cell.HOUR_SECONDS);
    }
    return all;
  }

  /** The whole time by hours. */
  static List<TimeSlice> hours(Instant from, Instant until) {
    return List.of(new TimeSlice(false, from, until));
  }

  /**
   * The rows of all slices, and of the journal.
   *
   * @param columns of the rollups of a slice
   * @param ofJournal of the journal
   * @param filter of both; {@link #bind} gives it its times
   */
  static String rows(
      List<TimeSlice> slices,
      Function<TimeSlice, String> columns,
      String ofJournal,
      String filter) {
    StringBuilder sql = new StringBuilder("(");
    for (int i = 0; i < slices.size(); i++) {
      TimeSlice slice = slices.get(i);
      sql.append("SELECT ")
          .append(columns.apply(slice))
          .append(" FROM rollups WHERE ")
          .append(filter)
          .append(slice.days() ? " AND grain = 'day'" : " AND grain = 'hour'")
          .append(between(i, i))
          .append(" UNION ALL ");
    }
    return sql.append("SELECT ")
        .append(ofJournal)
        .append(" FROM rollup_journal WHERE ")
        .append(filter)
        .append(between(0, slices.size() - 1))
        .append(") t")
        .toString();
  }

  private static String between(int first, int last) {
    return " AND bucket >= :from" + first + " AND bucket < :until" + last;
  }

  static Query bind(Query query, List<TimeSlice> slices) {
    for (int i = 0; i < slices.size(); i++) {
      query
          .bind("from" + i, slices.get(i).from().atOffset(ZoneOffset.UTC))
          .bind("until" + i, slices.get(i).until().atOffset(ZoneOffset.UTC));
    }
    return query;
  }
}
