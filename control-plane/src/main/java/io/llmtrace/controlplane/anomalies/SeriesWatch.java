package io.llmtrace.controlplane.anomalies;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Finds the episodes of one series. What it answers depends on the sums alone: asked again it says
 * the same, whoever asks. Immutable; thread-safe.
 */
public final class SeriesWatch {
  private static final int HOURS = 24;

  /** From here on an hour continues an episode, though it would not begin one. */
  private static final double CONTINUES = 0.5;

  /** Calm hours, whole ones, after which an episode is over. */
  private static final int CALM = 2;

  private final Rules rules;

  public SeriesWatch(Rules rules) {
    this.rules = rules;
  }

  /**
   * Hours that {@link #episodes} must be given: those it looks at and what they are measured by.
   */
  public long from(long first) {
    return day(first) * HOURS - (long) rules.days() * HOURS;
  }

  /**
   * Episodes of all measures.
   *
   * @param sums of hours from {@link #from} on, in any order; one that is missing had nothing
   * @param first hour that is looked at
   * @param now the hour that is not over yet
   */
  public List<Episode> episodes(List<HourSums> sums, long first, long now) {
    if (sums.isEmpty()) {
      return List.of();
    }
    long oldest = sums.stream().mapToLong(HourSums::hour).min().orElse(now);
    Dense dense = Dense.of(sums, Math.max(Math.min(oldest, now), from(first)), now);
    List<Episode> episodes = new ArrayList<>();
    for (Measure measure : Measure.values()) {
      if (dense.isWorthIt(measure, first, rules)) {
        find(measure, dense, first, now, episodes);
      }
    }
    return episodes;
  }

  private void find(Measure measure, Dense dense, long first, long now, List<Episode> into) {
    Building building = new Building(measure);
    Baseline baseline = null;
    for (long hour = Math.max(first, dense.first()); hour <= now; hour++) {
      if (baseline == null || Math.floorMod(hour, (long) HOURS) == 0) {
        baseline = baseline(measure, dense, day(hour));
      }
      if (baseline == null) {
        building.calm(into);
        continue;
      }
      HourSums sums = dense.at(hour);
      double events = measure.events(sums);
      Expectation expected = baseline.at(hour, events);
      double value = measure.value(sums);
      double score = expected.score(value);
      if (score >= 1 || (building.isOpen() && score >= CONTINUES)) {
        double excess = (value - expected.mid()) * (measure.isShare() ? events : 1);
        building.add(hour, score, value, excess, expected, baseline.basis(hour, events));
      } else if (hour < now) {
        building.calm(into);
      }
    }
    building.end(into, false);
  }

  /** What the days before a day say; null where there are too few. */
  private @Nullable Baseline baseline(Measure measure, Dense dense, long day) {
    // A first day that is there in part would count as a quiet one.
    long firstDay = Math.max(day(dense.first() + HOURS - 1), day - rules.days());
    int days = (int) (day - firstDay);
    if (days < Baseline.LEAST_DAYS) {
      return null;
    }
    double[] amounts = dense.values(firstDay * HOURS, days * HOURS, measure::amount);
    double[] events = dense.values(firstDay * HOURS, days * HOURS, measure::events);
    return measure.isShare()
        ? ShareBaseline.of(amounts, events, rules)
        : AmountBaseline.of(amounts, events, firstDay, rules, rules.minimum(measure));
  }

  private static long day(long hour) {
    return Math.floorDiv(hour, (long) HOURS);
  }

  /** Hours without gaps. */
  private record Dense(long first, List<HourSums> hours) {
    static Dense of(List<HourSums> sums, long first, long last) {
      List<HourSums> hours = new ArrayList<>();
      for (long hour = first; hour <= last; hour++) {
        hours.add(HourSums.none(hour));
      }
      for (HourSums each : sums) {
        if (each.hour() >= first && each.hour() <= last) {
          hours.set((int) (each.hour() - first), each);
        }
      }
      return new Dense(first, hours);
    }

    HourSums at(long hour) {
      return hours.get((int) (hour - first));
    }

    double[] values(long from, int count, ToDoubleFunction<HourSums> value) {
      double[] values = new double[count];
      for (int i = 0; i < count; i++) {
        values[i] = value.applyAsDouble(at(from + i));
      }
      return values;
    }

    /** Whether any hour that is looked at could be too much, whatever is expected of it. */
    boolean isWorthIt(Measure measure, long from, Rules rules) {
      int start = (int) Math.max(0, from - first);
      for (HourSums each : hours.subList(Math.min(start, hours.size()), hours.size())) {
        if (measure.isShare()
            ? each.requests() + each.exchanges() >= Rules.LEAST_EVENTS
                && measure.amount(each) > Rules.LEAST_COUNT
            : measure.amount(each) > rules.minimum(measure)) {
          return true;
        }
      }
      return false;
    }
  }

  /** An episode under way. */
  private static final class Building {
    private final Measure measure;
    private @Nullable Episode open;
    private int calm;

    Building(Measure measure) {
      this.measure = measure;
    }

    boolean isOpen() {
      return open != null;
    }

    void add(
        long hour,
        double score,
        double value,
        double excess,
        Expectation expected,
        Baseline.Basis basis) {
      calm = 0;
      Episode so = open;
      if (so == null) {
        open =
            new Episode(measure, hour, hour, false, 1, excess, hour, value, expected, basis, score);
      } else if (score > so.score()) {
        open =
            new Episode(
                measure,
                so.first(),
                hour,
                false,
                so.hours() + 1,
                so.excess() + excess,
                hour,
                value,
                expected,
                basis,
                score);
      } else {
        open =
            new Episode(
                measure,
                so.first(),
                hour,
                false,
                so.hours() + 1,
                so.excess() + excess,
                so.peak(),
                so.observed(),
                so.expected(),
                so.basis(),
                so.score());
      }
    }

    void calm(List<Episode> into) {
      calm++;
      if (calm >= CALM) {
        end(into, true);
      }
    }

    void end(List<Episode> into, boolean over) {
      Episode so = open;
      if (so != null) {
        into.add(
            new Episode(
                measure,
                so.first(),
                so.last(),
                over,
                so.hours(),
                so.excess(),
                so.peak(),
                so.observed(),
                so.expected(),
                so.basis(),
                so.score()));
      }
      open = null;
      calm = 0;
    }
  }
}
