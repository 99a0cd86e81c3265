package io.llmtrace.policies.detect.classify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The figures that training is judged by. */
final class TrainingReport {
  private TrainingReport() {}

  /** A text and what a model says of it. */
  record Scored(TrainingRow row, double score) {}

  /** The lowest threshold at which at most {@code share} of the benign texts are above. */
  static double threshold(List<Scored> scored, double share) {
    double[] benign =
        scored.stream()
            .filter(s -> !s.row().attack())
            .mapToDouble(Scored::score)
            .sorted()
            .toArray();
    int over = (int) Math.floor(benign.length * share);
    return benign[benign.length - 1 - over];
  }

  static double recall(List<Scored> scored, double threshold) {
    long attacks = scored.stream().filter(s -> s.row().attack()).count();
    long caught = scored.stream().filter(s -> s.row().attack() && s.score() > threshold).count();
    return (double) caught / Math.max(1, attacks);
  }

  static double falseAlarms(List<Scored> scored, double threshold) {
    long benign = scored.stream().filter(s -> !s.row().attack()).count();
    long flagged = scored.stream().filter(s -> !s.row().attack() && s.score() > threshold).count();
    return (double) flagged / Math.max(1, benign);
  }

  static double f1(List<Scored> scored, double threshold) {
    long hit = scored.stream().filter(s -> s.row().attack() && s.score() > threshold).count();
    long all = scored.stream().filter(s -> s.row().attack()).count();
    long flagged = scored.stream().filter(s -> s.score() > threshold).count();
    return 2.0 * hit / Math.max(1, all + flagged);
  }

  static double bestF1(List<Scored> scored) {
    double best = 0;
    double[] at = scored.stream().mapToDouble(Scored::score).sorted().toArray();
    for (int i = 0; i < at.length; i += Math.max(1, at.length / 400)) {
      best = Math.max(best, f1(scored, at[i]));
    }
    return best;
  }

  static String line(String name, List<Scored> scored) {
    double one = threshold(scored, 0.01);
    return String.format(
        Locale.ROOT,
        "%-22s n=%5d R@1%%=%.3f R@2%%=%.3f R@5%%=%.3f bestF1=%.3f",
        name,
        scored.size(),
        recall(scored, one),
        recall(scored, threshold(scored, 0.02)),
        recall(scored, threshold(scored, 0.05)),
        bestF1(scored));
  }

  /** Recall or false alarms of each group at one threshold. */
  static String groups(List<Scored> scored, double threshold, Function<TrainingRow, String> group) {
    Map<String, List<Scored>> groups = new TreeMap<>();
    for (Scored s : scored) {
      groups
          .computeIfAbsent(
              (s.row().attack() ? "attack " : "benign ") + group.apply(s.row()),
              g -> new ArrayList<>())
          .add(s);
    }
    StringBuilder out = new StringBuilder();
    groups.forEach(
        (name, of) -> {
          long over = of.stream().filter(s -> s.score() > threshold).count();
          out.append(
              String.format(
                  Locale.ROOT, "  %-52s %5d  %.3f%n", name, of.size(), (double) over / of.size()));
        });
    return out.toString();
  }

  static double[] scores(List<Scored> scored) {
    double[] all = scored.stream().mapToDouble(Scored::score).toArray();
    Arrays.sort(all);
    return all;
  }
}
