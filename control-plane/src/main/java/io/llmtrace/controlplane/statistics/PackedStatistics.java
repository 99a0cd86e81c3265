package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.statistics.Measures.Sum;
import io.llmtrace.controlplane.statistics.Pack.Name;
import io.llmtrace.controlplane.statistics.Statistics.Answer;
import io.llmtrace.controlplane.statistics.Statistics.By;
import io.llmtrace.controlplane.statistics.Statistics.Grain;
import io.llmtrace.controlplane.statistics.Statistics.Group;
import io.llmtrace.controlplane.statistics.Statistics.Question;
import io.llmtrace.controlplane.statistics.Statistics.Slot;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/**
 * Answers questions about all tenants: from packs where there are such, and for the other hours and
 * days and what the journal holds from the rows. To be called in a transaction that sees one state:
 * a fold between two of the statements would be seen twice or not at all. Stateless.
 */
final class PackedStatistics {
  /** Packs read at once: one of many names has a megabyte of sketches. */
  private static final int PACKS_AT_ONCE = 16;

  /** Of so many groups at least for each that is shown, reading a row each costs less. */
  private static final int GROUPS_A_LINE = 15;

  private static final int ROWS_AT_ONCE = 5_000;

  private static final List<Sum> RANK = List.of(Sum.REQUESTS, Sum.FINDINGS);
  private static final List<Sum> ALL = List.of(Sum.values());

  private PackedStatistics() {}

  static Answer answer(Handle handle, Question question) {
    boolean total = question.grain() == Grain.NONE;
    SlotSums ranked = new SlotSums(null);
    List<TimeSlice> slices = TimeSlice.of(question.from(), question.until());
    new Reading(question, slices, false, ranked).sums(handle, total ? ALL : RANK, false);
    Set<Group> shown = new LinkedHashSet<>(ranked.busiest(question.limit()));
    int leftOut = ranked.groups() - shown.size();
    boolean few = (long) shown.size() * GROUPS_A_LINE < ranked.groups();
    if (shown.isEmpty()) {
      return new Answer(List.of(), leftOut);
    }
    if (!total && few) {
      return new Answer(Statistics.linesOf(handle, question, shown), leftOut);
    }
    Map<Slot, Measures> lines;
    if (total) {
      lines = new LinkedHashMap<>();
      ranked
          .lines()
          .forEach(
              (slot, sums) -> {
                if (shown.contains(slot.group())) {
                  lines.put(slot, sums);
                }
              });
      if (question.by() != By.FINDING && few) {
        Statistics.addLatencies(handle, question, lines);
      } else if (question.by() != By.FINDING) {
        new Reading(question, slices, false, ranked.only(shown)).sums(handle, List.of(), true);
      }
    } else {
      SlotSums sums = new SlotSums(shown);
      new Reading(question, question.slices(), true, sums)
          .sums(handle, ALL, question.by() != By.FINDING);
      lines = sums.lines();
    }
    return new Answer(Statistics.lines(question, lines), leftOut);
  }

  /**
   * One way through packs and rows.
   *
   * @param cut whether buckets stay apart, as the question's grain says
   */
  private record Reading(Question question, List<TimeSlice> slices, boolean cut, SlotSums into) {

    /**
     * Adds sums and sketches.
     *
     * @param which sums; costs with all of them
     */
    void sums(Handle handle, List<Sum> which, boolean sketches) {
      Set<Instant> days = new HashSet<>();
      Set<Instant> hours = new HashSet<>();
      for (TimeSlice slice : slices) {
        (slice.days() ? days : hours).addAll(slice.buckets());
      }
      Names names = new Names();
      if (!cut) {
        Set<Instant> weeks = wholeWeeks(days);
        Set<Instant> missing = new HashSet<>(weeks);
        packs(handle, which, sketches, "week", missing, names);
        weeks.removeAll(missing);
        weeks.forEach(week -> days.removeAll(daysOf(week)));
      }
      packs(handle, which, sketches, "day", days, names);
      packs(handle, which, sketches, "hour", hours, names);
      if (!which.isEmpty()) {
        rest(handle, days, hours, which);
      }
      if (sketches) {
        restSketches(handle, days, hours);
      }
    }

    private static Set<Instant> wholeWeeks(Set<Instant> days) {
      Set<Instant> weeks = new HashSet<>();
      for (Instant day : days) {
        if (day.atOffset(ZoneOffset.UTC).getDayOfWeek() == DayOfWeek.MONDAY
            && days.containsAll(daysOf(day))) {
          weeks.add(day);
        }
      }
      return weeks;
    }

    private static List<Instant> daysOf(Instant week) {
      return new TimeSlice(true, week, week.plusSeconds(7 * Cell.DAY_SECONDS)).buckets();
    }

    /**
     * Adds what packs of one grain hold.
     *
     * @param buckets that are wanted; those that have no pack are left in it
     */
    private void packs(
        Handle handle,
        List<Sum> which,
        boolean sketches,
        String grain,
        Set<Instant> buckets,
        Names names) {
      if (buckets.isEmpty()) {
        return;
      }
      handle
          .createQuery(
              "SELECT bucket, sums"
                  + (sketches ? ", sketches" : "")
                  + " FROM rollup_packs WHERE dimension = :dimension AND grain = :grain"
                  + " AND bucket = ANY(CAST(:buckets AS timestamptz[])) ORDER BY bucket")
          .bind("dimension", question.by().dimension.label())
          .bind("grain", grain)
          .bindArray("buckets", String.class, texts(buckets))
          .setFetchSize(PACKS_AT_ONCE)
          .map(
              (row, context) -> {
                Pack pack = Pack.of(row.getBytes("sums"));
                if (pack == null) {
                  return false;
                }
                Instant start = row.getObject("bucket", OffsetDateTime.class).toInstant();
                buckets.remove(start);
                @Nullable Measures[] to = into.at(bucket(start), names.places(pack));
                if (!which.isEmpty()) {
                  pack.addTo(which, which == ALL, to);
                }
                if (sketches) {
                  pack.addSketches(row.getBytes("sketches"), to);
                }
                return true;
              })
          .forEach(one -> {});
    }

    private long bucket(Instant start) {
      if (!cut) {
        return 0;
      }
      long millis = start.toEpochMilli();
      return question.grain() == Grain.DAY ? Cell.dayOf(millis) : millis;
    }

    private Group group(Name name) {
      return switch (question.by()) {
        case TENANT -> new Group(name.key(), "", "");
        case PROVIDER -> new Group(null, name.key(), "");
        default -> new Group(null, name.key(), name.key2());
      };
    }

    /** Which group each name of a pack is; most packs have the names of the one before. */
    private final class Names {
      private @Nullable Pack last;
      private int[] places = {};

      int[] places(Pack pack) {
        if (last == null || !pack.sameNames(last)) {
          places = pack.names().stream().mapToInt(name -> into.place(group(name))).toArray();
        }
        last = pack;
        return places;
      }
    }

    /** Row by row: PostgreSQL makes a decimal of each sum of each group, which takes longer. */
    private void rest(Handle handle, Set<Instant> days, Set<Instant> hours, List<Sum> which) {
      String columns = which.stream().map(Sum::column).collect(Collectors.joining(", "));
      boolean costs = which == ALL;
      String measures = columns + (costs ? ", cost_usd" : "");
      query(handle, "SELECT " + keys() + ", " + measures, measures, "", days, hours)
          .setFetchSize(ROWS_AT_ONCE)
          .map(
              (row, context) -> {
                Measures to = to(Statistics.slot(row, question, cut));
                if (to != null) {
                  int first = row.findColumn(which.get(0).column());
                  for (int i = 0; i < which.size(); i++) {
                    to.add(which.get(i), row.getLong(first + i));
                  }
                  if (costs) {
                    to.addCost(row.getBigDecimal(first + which.size()));
                  }
                }
                return true;
              })
          .forEach(one -> {});
    }

    private void restSketches(Handle handle, Set<Instant> days, Set<Instant> hours) {
      query(
              handle,
              "SELECT " + keys() + ", latency",
              "latency",
              " WHERE latency IS NOT NULL",
              days,
              hours)
          .setFetchSize(ROWS_AT_ONCE)
          .map(
              (row, context) -> {
                Measures to = to(Statistics.slot(row, question, cut));
                if (to != null) {
                  to.addLatencies(row.getBytes("latency"));
                }
                return true;
              })
          .forEach(one -> {});
    }

    private @Nullable Measures to(Slot slot) {
      return into.at(slot.bucket(), slot.group());
    }

    private String keys() {
      return (cut ? "bucket, " : "") + (question.splitTenants() ? "tenant, " : "") + "key, key2";
    }

    /** Rows of the hours and days without a pack, and of the journal. */
    private Query query(
        Handle handle,
        String select,
        String measures,
        String end,
        Set<Instant> days,
        Set<Instant> hours) {
      String columns =
          (question.grain() == Grain.DAY ? "date_trunc('day', bucket, 'UTC') AS bucket" : "bucket")
              + ", tenant, key, "
              + (question.by() == By.PROVIDER ? "'' AS key2" : "key2")
              + ", "
              + measures;
      String rows = "SELECT " + columns + " FROM rollups WHERE dimension = :dimension AND grain = ";
      return handle
          .createQuery(
              select
                  + " FROM ("
                  + rows
                  + "'day' AND bucket = ANY(CAST(:days AS timestamptz[])) UNION ALL "
                  + rows
                  + "'hour' AND bucket = ANY(CAST(:hours AS timestamptz[])) UNION ALL SELECT "
                  + columns
                  + " FROM rollup_journal WHERE dimension = :dimension"
                  + " AND bucket >= :from AND bucket < :until) t"
                  + end)
          .bind("dimension", question.by().dimension.label())
          .bindArray("days", String.class, texts(days))
          .bindArray("hours", String.class, texts(hours))
          .bind("from", question.from().atOffset(ZoneOffset.UTC))
          .bind("until", question.until().atOffset(ZoneOffset.UTC));
    }

    private static List<String> texts(Set<Instant> times) {
      List<String> texts = new ArrayList<>();
      times.stream().sorted().forEach(time -> texts.add(time.toString()));
      return texts;
    }
  }
}
