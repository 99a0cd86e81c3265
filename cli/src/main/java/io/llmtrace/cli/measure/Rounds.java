package io.llmtrace.cli.measure;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Summaries of interleaved rounds. Stateless. */
public final class Rounds {
  private Rounds() {}

  /** The middle of some values; NaN of none. */
  public static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    if (sorted.length == 0) {
      return Double.NaN;
    }
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The median of what each of some rounds is to the one beside it; NaN of none. */
  public static double medianRatio(List<Double> over, List<Double> under) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < Math.min(over.size(), under.size()); i++) {
      ratios.add(over.get(i) / under.get(i));
    }
    return median(ratios);
  }

  /** The median of what each of some rounds has beyond the one beside it; NaN of none. */
  public static double medianDifference(List<Double> from, List<Double> taken) {
    List<Double> differences = new ArrayList<>();
    for (int i = 0; i < Math.min(from.size(), taken.size()); i++) {
      differences.add(from.get(i) - taken.get(i));
    }
    return median(differences);
  }

  /** The contenders of a round in an order of its own, so that none is always the first. */
  public static <T> List<T> turned(List<T> contenders, int round) {
    List<T> order = new ArrayList<>(contenders);
    Collections.rotate(order, round);
    return order;
  }
}
