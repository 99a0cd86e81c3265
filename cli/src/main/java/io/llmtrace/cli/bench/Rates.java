package io.llmtrace.cli.bench;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/** The figures of detection, each from scored rows. Rates lie between 0 and 1, NaN of no rows. */
final class Rates {
  private Rates() {}

  /**
   * Share of attacks that score higher than all but {@code falseAlarms} of the benign rows do.
   *
   * @param falseAlarms share of benign rows that may score at least as high, for example 0.01
   */
  static double recallAt(double falseAlarms, Collection<ScoredText> rows) {
    double threshold = thresholdAt(falseAlarms, rows);
    return share(rows, r -> r.row().attack(), r -> r.score() > threshold);
  }

  /** The score that no more than this share of benign rows exceeds. */
  static double thresholdAt(double falseAlarms, Collection<ScoredText> rows) {
    double[] benign =
        rows.stream().filter(r -> !r.row().attack()).mapToDouble(ScoredText::score).toArray();
    if (benign.length == 0) {
      return Double.NaN;
    }
    Arrays.sort(benign);
    int allowed = (int) Math.floor(falseAlarms * benign.length);
    return benign[Math.max(0, benign.length - 1 - allowed)];
  }

  /** Harmonic mean of precision and recall of what was flagged. */
  static double f1(Collection<ScoredText> rows) {
    long hit = rows.stream().filter(r -> r.flagged() && r.row().attack()).count();
    long wrong = rows.stream().filter(r -> r.flagged() && !r.row().attack()).count();
    long missed = rows.stream().filter(r -> !r.flagged() && r.row().attack()).count();
    return hit + wrong + missed == 0 ? Double.NaN : 2.0 * hit / (2.0 * hit + wrong + missed);
  }

  /** Share of the rows of a kind that have something. */
  static double share(
      Collection<ScoredText> rows, Predicate<ScoredText> kind, Predicate<ScoredText> has) {
    List<ScoredText> all = rows.stream().filter(kind).toList();
    return all.isEmpty() ? Double.NaN : (double) all.stream().filter(has).count() / all.size();
  }

  static double flagged(Collection<ScoredText> rows, Predicate<LabelledText> kind) {
    return share(rows, r -> kind.test(r.row()), ScoredText::flagged);
  }

  /** Mean squared error of the score taken as a probability (Brier, 1950). */
  static double brier(Collection<ScoredText> rows) {
    return rows.stream()
        .mapToDouble(r -> Math.pow(r.score() - (r.row().attack() ? 1 : 0), 2))
        .average()
        .orElse(Double.NaN);
  }

  static double percentile(double[] values, double share) {
    if (values.length == 0) {
      return Double.NaN;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[Math.min(sorted.length - 1, (int) Math.floor(share * sorted.length))];
  }

  static String percent(double rate) {
    return Double.isNaN(rate) ? "–" : String.format(Locale.ROOT, "%.1f %%", rate * 100);
  }

  static String three(double value) {
    return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%.3f", value);
  }
}
