package io.llmtrace.controlplane.anomalies;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Shares, such as errors to requests: one level for all hours, the median of the days' shares. An
 * hour of few requests may be further off by chance, and is given that room.
 */
final class ShareBaseline implements Baseline {
  private static final int HOURS = 24;
  private static final double TAIL = 0.98;
  private static final double TAIL_OF_NORMAL = 2.054;
  private static final double ABOVE_RECURRING = 1.3;

  private final Rules rules;
  private final double share;
  private final double tail;
  private final double recurring;
  private final int days;

  private ShareBaseline(Rules rules, double share, double tail, double recurring, int days) {
    this.rules = rules;
    this.share = share;
    this.tail = tail;
    this.recurring = recurring;
    this.days = days;
  }

  /** The baseline after some whole days; null where too few had enough requests. */
  static @Nullable ShareBaseline of(double[] counts, double[] events, Rules rules) {
    int days = counts.length / HOURS;
    List<Double> shares = new ArrayList<>();
    double all = 0;
    for (int day = 0; day < days; day++) {
      double count = 0;
      double of = 0;
      for (int i = day * HOURS; i < (day + 1) * HOURS; i++) {
        count += counts[i];
        of += events[i];
      }
      all += of;
      if (of >= Rules.LEAST_EVENTS) {
        shares.add(count / of);
      }
    }
    if (shares.size() < LEAST_DAYS) {
      return null;
    }
    double median = Robust.median(array(shares));
    // That nothing happened so far does not say that nothing can.
    double share = Math.max(median, 1 / all);
    List<Double> scores = new ArrayList<>();
    double[] highest = new double[days];
    for (int i = 0; i < counts.length; i++) {
      if (events[i] >= Rules.LEAST_EVENTS) {
        double off = counts[i] / events[i] - share;
        scores.add(off / deviation(share, events[i]));
        highest[i / HOURS] = Math.max(highest[i / HOURS], off);
      }
    }
    double tail = Math.max(1, Robust.quantile(array(scores), TAIL) / TAIL_OF_NORMAL);
    return new ShareBaseline(rules, share, tail, Robust.largest(highest, RECURRING), shares.size());
  }

  private static double deviation(double share, double events) {
    return Math.sqrt(share / events);
  }

  @Override
  public Expectation at(long hour, double events) {
    double of = Math.max(1, events);
    double deviation = tail * deviation(share, of);
    double distance = Math.max(rules.deviations() * deviation, (rules.ratio() - 1) * share);
    distance = Math.max(distance, ABOVE_RECURRING * recurring);
    distance = Math.max(distance, Math.max(rules.shareAbove(), Rules.LEAST_COUNT / of));
    return new Expectation(
        Math.max(0, share - 2 * deviation), share, share + 2 * deviation, share + distance);
  }

  @Override
  public Basis basis(long hour, double events) {
    return new Basis("none", days, 1, tail * deviation(share, Math.max(1, events)));
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
