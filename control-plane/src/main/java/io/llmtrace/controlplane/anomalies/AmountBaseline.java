package io.llmtrace.controlplane.anomalies;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Amounts by hour of the week. What is expected of an hour is the median of the same hours of the
 * weeks before, drawn towards the usual shape of a day, times the level of the last week. How much
 * it varies is taken from how far off the same rule was on each of these days.
 */
final class AmountBaseline implements Baseline {
  private static final int HOURS = 24;
  private static final int WEEK = 7;
  private static final int TWO_WEEKS = 14;

  /** The usual day counts as much as this many weeks. */
  private static final double WEIGHT_OF_THE_DAY = 2;

  /** Less and less use makes no alarm of what was usual a month ago; a steep rise is followed. */
  private static final double LEAST_LEVEL = 0.7;

  private static final double MOST_LEVEL = 3;

  /** Nothing is steadier than this part of what is expected. */
  private static final double LEAST_DEVIATION = 0.1;

  /** Requests differ in size: more than a count of equal ones would vary. */
  private static final double UNEVEN = 2;

  /** Of a normal distribution, the quantile by which tails are measured. */
  private static final double TAIL = 0.98;

  private static final double TAIL_OF_NORMAL = 2.054;

  /** What comes again and again must be passed by this much. */
  private static final double ABOVE_RECURRING = 1.3;

  /**
   * How far on the way to its neighbour's limit an hour may be: a ramp that comes an hour earlier
   * or later (daylight saving) is no alarm.
   */
  private static final double NEIGHBOUR = 0.6;

  private final Expectation[] hours;
  private final double[] deviations;
  private final String season;
  private final int days;
  private final double level;

  private AmountBaseline(
      Expectation[] hours, double[] deviations, String season, int days, double level) {
    this.hours = hours;
    this.deviations = deviations;
    this.season = season;
    this.days = days;
    this.level = level;
  }

  /**
   * The baseline of the day after some days.
   *
   * @param amounts of each hour of whole days, oldest first
   * @param events of each of these hours
   * @param firstDay days since the epoch of the first one
   * @param minimum distance from what is expected that is told
   */
  static AmountBaseline of(
      double[] amounts, double[] events, long firstDay, Rules rules, double minimum) {
    int days = amounts.length / HOURS;
    boolean weekly = days >= TWO_WEEKS;
    double[] totals = new double[days];
    for (int i = 0; i < days * HOURS; i++) {
      totals[i / HOURS] += amounts[i];
    }
    double[] ofWeekday = weekly ? byWeekday(totals, firstDay) : new double[WEEK];
    double[][] base = weekly ? byWeek(amounts, totals, ofWeekday, firstDay) : byDay(amounts, days);
    double[] levels = new double[days + 1];
    for (int day = 0; day <= days; day++) {
      levels[day] = weekly ? level(totals, ofWeekday, firstDay, day) : 1;
    }
    double usual = Robust.trimmedMean(amounts);
    Spread spread = new Spread(usual, unit(amounts, events));
    double[] expected = new double[days * HOURS];
    for (int i = 0; i < expected.length; i++) {
      int day = i / HOURS;
      expected[i] = base[weekday(firstDay + day)][i % HOURS] * levels[day];
    }
    spread.learn(amounts, expected);

    double level = levels[days];
    double factor = weekly ? 1 : 2;
    double[] mids = new double[HOURS];
    double[] limits = new double[HOURS];
    double[] deviations = new double[HOURS];
    for (int hour = 0; hour < HOURS; hour++) {
      double mid = base[weekday(firstDay + days)][hour] * level;
      double deviation = spread.deviation(hour, mid) * spread.tail;
      double distance = rules.deviations() * deviation;
      distance = Math.max(distance, (rules.ratio() - 1) * mid);
      distance = Math.max(distance, ABOVE_RECURRING * spread.recurring * deviation);
      mids[hour] = mid;
      deviations[hour] = deviation;
      limits[hour] = mid + Math.max(factor * distance, minimum);
    }
    Expectation[] hours = new Expectation[HOURS];
    for (int hour = 0; hour < HOURS; hour++) {
      // Midnight's other neighbour is on another day, which is near enough.
      double limit = limits[hour];
      for (int neighbour : new int[] {(hour + HOURS - 1) % HOURS, (hour + 1) % HOURS}) {
        double way = NEIGHBOUR * (limits[neighbour] - mids[neighbour]);
        limit = Math.max(limit, mids[neighbour] + way);
      }
      double band = 2 * deviations[hour];
      hours[hour] =
          new Expectation(Math.max(0, mids[hour] - band), mids[hour], mids[hour] + band, limit);
    }
    return new AmountBaseline(hours, deviations, weekly ? "week" : "day", days, level);
  }

  @Override
  public Expectation at(long hour, double events) {
    return hours[hourOfDay(hour)];
  }

  @Override
  public Basis basis(long hour, double events) {
    return new Basis(season, days, level, deviations[hourOfDay(hour)]);
  }

  private static int hourOfDay(long hour) {
    return (int) Math.floorMod(hour, (long) HOURS);
  }

  private static int weekday(long epochDay) {
    return (int) Math.floorMod(epochDay, (long) WEEK);
  }

  private static double[] byWeekday(double[] totals, long firstDay) {
    double[] medians = new double[WEEK];
    for (int weekday = 0; weekday < WEEK; weekday++) {
      List<Double> same = new ArrayList<>();
      for (int day = 0; day < totals.length; day++) {
        if (weekday(firstDay + day) == weekday) {
          same.add(totals[day]);
        }
      }
      medians[weekday] = Robust.median(array(same));
    }
    return medians;
  }

  private static double[][] byWeek(
      double[] amounts, double[] totals, double[] ofWeekday, long firstDay) {
    double[][] base = new double[WEEK][HOURS];
    for (int hour = 0; hour < HOURS; hour++) {
      List<Double> shares = new ArrayList<>();
      List<List<Double>> same = new ArrayList<>();
      for (int weekday = 0; weekday < WEEK; weekday++) {
        same.add(new ArrayList<>());
      }
      for (int day = 0; day < totals.length; day++) {
        double amount = amounts[day * HOURS + hour];
        same.get(weekday(firstDay + day)).add(amount);
        if (totals[day] > 0) {
          shares.add(amount / totals[day]);
        }
      }
      double share = Robust.median(array(shares));
      for (int weekday = 0; weekday < WEEK; weekday++) {
        double weeks = same.get(weekday).size();
        base[weekday][hour] =
            (weeks * Robust.median(array(same.get(weekday)))
                    + WEIGHT_OF_THE_DAY * share * ofWeekday[weekday])
                / (weeks + WEIGHT_OF_THE_DAY);
      }
    }
    return base;
  }

  private static double[][] byDay(double[] amounts, int days) {
    double[] hours = new double[HOURS];
    for (int hour = 0; hour < HOURS; hour++) {
      double[] same = new double[days];
      for (int day = 0; day < days; day++) {
        same[day] = amounts[day * HOURS + hour];
      }
      hours[hour] = Robust.median(same);
    }
    double[][] base = new double[WEEK][];
    Arrays.fill(base, hours);
    return base;
  }

  /**
   * How the week before a day was to what weeks usually are, or the one before that if it was
   * higher: after a quiet week (holidays) work goes on as it was.
   */
  private static double level(double[] totals, double[] ofWeekday, long firstDay, int day) {
    double last = levelBefore(totals, ofWeekday, firstDay, day);
    double earlier = levelBefore(totals, ofWeekday, firstDay, Math.max(0, day - WEEK));
    return Math.min(MOST_LEVEL, Math.max(LEAST_LEVEL, Math.max(last, earlier)));
  }

  /** The median of seven days; 0 where too few had any use. */
  private static double levelBefore(double[] totals, double[] ofWeekday, long firstDay, int day) {
    List<Double> ratios = new ArrayList<>();
    for (int before = Math.max(0, day - WEEK); before < day; before++) {
      double usual = ofWeekday[weekday(firstDay + before)];
      if (usual > 0) {
        ratios.add(totals[before] / usual);
      }
    }
    return ratios.size() < 3 ? 0 : Robust.median(array(ratios));
  }

  /** What one request usually has of the amount. */
  private static double unit(double[] amounts, double[] events) {
    List<Double> units = new ArrayList<>();
    for (int i = 0; i < amounts.length; i++) {
      if (events[i] > 0) {
        units.add(amounts[i] / events[i]);
      }
    }
    return Robust.median(array(units));
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** How far hours were from what would have been expected of them. */
  private static final class Spread {
    private final double usual;
    private final double unit;
    private final double[] relative = new double[HOURS];
    private double tail = 1;
    private double recurring;

    Spread(double usual, double unit) {
      this.usual = usual;
      this.unit = unit;
    }

    void learn(double[] amounts, double[] expected) {
      int days = amounts.length / HOURS;
      for (int hour = 0; hour < HOURS; hour++) {
        double[] off = new double[days];
        for (int day = 0; day < days; day++) {
          int i = day * HOURS + hour;
          double size = Math.max(expected[i], usual);
          off[day] = size > 0 ? (amounts[i] - expected[i]) / size : 0;
        }
        relative[hour] = Robust.deviation(off);
      }
      double[] scores = new double[amounts.length];
      double[] highest = new double[days];
      for (int i = 0; i < amounts.length; i++) {
        double deviation = deviation(i % HOURS, expected[i]);
        scores[i] = deviation > 0 ? (amounts[i] - expected[i]) / deviation : 0;
        highest[i / HOURS] = Math.max(highest[i / HOURS], scores[i]);
      }
      tail = Math.max(1, Robust.quantile(scores, TAIL) / TAIL_OF_NORMAL);
      recurring = Robust.largest(highest, RECURRING) / tail;
    }

    /** Before the tail is known. */
    double deviation(int hour, double expected) {
      double size = Math.max(expected, usual);
      return Math.max(
          Math.max(relative[hour] * size, LEAST_DEVIATION * expected),
          Math.sqrt(UNEVEN * unit * size));
    }
  }
}
