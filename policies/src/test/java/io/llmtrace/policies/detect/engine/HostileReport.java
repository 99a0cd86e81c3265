package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.exchange.Exchange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How far over its budget an inspection of hostile text goes, for each kind of {@link
 * HostileInputs}, by the processor time of its own thread. Arguments: part of a kind's name (empty
 * for all), repetitions, budgets in milliseconds separated by commas.
 *
 * <p>Two measures. {@code gap}: the longest work between two questions to a budget of one second,
 * with the place that asked at its end; whatever a budget is, an inspection is over it by no more
 * than one gap and what is done after it. {@code over}: how far over each budget an inspection was.
 * Both are the least of the repetitions, since collections and compilations are not the engine's.
 */
final class HostileReport {
  private static final int LONGEST_NANOS = 1_000_000_000;

  private static final double WORTH_A_LOOK = 4;

  private HostileReport() {}

  /** The worst of one kind. */
  private record Line(
      String kind, double gap, String place, List<Double> over, String lastAsk, String stages) {
    double worst() {
      return Math.max(gap, over.stream().mapToDouble(Double::doubleValue).max().orElse(0));
    }
  }

  public static void main(String[] args) throws InterruptedException {
    String part = args.length > 0 ? args[0] : "";
    int repetitions = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    int[] budgets =
        Arrays.stream((args.length > 2 ? args[2] : "5,20,50,150").split(",", -1))
            .mapToInt(Integer::parseInt)
            .toArray();
    DetectionEngine engine = DetectionEngine.builtIn(EngineOptions.standard().withoutCache());
    if (!engine.awaitModels(Duration.ofMinutes(1))) {
      throw new IllegalStateException("a model did not load within a minute");
    }
    List<HostileInputs.Kind> kinds =
        HostileInputs.all().stream().filter(kind -> kind.name().contains(part)).toList();
    for (HostileInputs.Kind kind : kinds) {
      AskedBudget budget = AskedBudget.ofMillis(20);
      engine.inspect(
          kind.make().apply(HostileInputs.FULL / 8), budget.budget(), new InspectionProgress());
    }
    List<Line> lines = new ArrayList<>();
    for (HostileInputs.Kind kind : kinds) {
      Line line = measure(engine, kind, repetitions, budgets);
      lines.add(line);
      print(line);
    }
    summary(lines, budgets);
  }

  private static Line measure(
      DetectionEngine engine, HostileInputs.Kind kind, int repetitions, int[] budgets) {
    Exchange exchange = kind.make().apply(HostileInputs.FULL);
    double gap = Double.MAX_VALUE;
    String place = "";
    long after = 0;
    for (int i = 0; i < repetitions; i++) {
      AskedBudget asked = AskedBudget.ofNanos(LONGEST_NANOS);
      engine.inspect(exchange, asked.budget(), new InspectionProgress());
      asked.end();
      if (asked.longestMillis() < gap) {
        gap = asked.longestMillis();
        place = asked.longestPlace();
        after = asked.longestAfter();
      }
    }
    if (gap > WORTH_A_LOOK) {
      // The questions are the same in every run that is not cut.
      AskedBudget looking = AskedBudget.ofNanos(LONGEST_NANOS).lookingAt(after);
      engine.inspect(exchange, looking.budget(), new InspectionProgress());
      place = looking.lookedPlace() + " TO " + place;
    }
    double[] over = new double[budgets.length];
    String lastAsk = "";
    String stages = "";
    double worst = 0;
    for (int b = 0; b < budgets.length; b++) {
      over[b] = Double.MAX_VALUE;
      String ask = "";
      String stagesNow = "";
      for (int i = 0; i < repetitions; i++) {
        AskedBudget asked = AskedBudget.ofMillis(budgets[b]);
        InspectionProgress progress = new InspectionProgress();
        engine.inspect(exchange, asked.budget(), progress);
        double now = asked.overMillis();
        if (now < over[b]) {
          over[b] = now;
          ask = asked.lastPlace();
          stagesNow = new TreeMap<>(progress.snapshot().stagesMicros()).toString();
        }
      }
      if (over[b] > worst) {
        worst = over[b];
        lastAsk = ask;
        stages = stagesNow;
      }
    }
    return new Line(kind.name(), gap, place, Arrays.stream(over).boxed().toList(), lastAsk, stages);
  }

  private static void print(Line line) {
    StringBuilder out = new StringBuilder();
    out.append(String.format(Locale.ROOT, "%-44s gap %6.1f", line.kind(), line.gap()));
    for (double over : line.over()) {
      out.append(String.format(Locale.ROOT, " %6.1f", over));
    }
    if (line.gap() > 3) {
      out.append("  gap from ").append(line.place());
    }
    if (line.over().stream().mapToDouble(Double::doubleValue).max().orElse(0) > 3) {
      out.append("  last ask ").append(line.lastAsk()).append(' ').append(line.stages());
    }
    System.out.println(out);
  }

  private static void summary(List<Line> lines, int[] budgets) {
    System.out.printf(
        Locale.ROOT,
        "%n%d kinds; worst gap %.1f ms",
        lines.size(),
        lines.stream().mapToDouble(Line::gap).max().orElse(0));
    for (int b = 0; b < budgets.length; b++) {
      int number = b;
      System.out.printf(
          Locale.ROOT,
          "; over %d ms by at most %.1f",
          budgets[b],
          lines.stream().mapToDouble(line -> line.over().get(number)).max().orElse(0));
    }
    System.out.println();
    Map<String, Double> places = new TreeMap<>();
    lines.forEach(line -> places.merge(line.place(), line.gap(), Math::max));
    System.out.println("longest gap by the place that asked after it:");
    places.entrySet().stream()
        .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
        .limit(25)
        .forEach(e -> System.out.printf(Locale.ROOT, "  %6.1f ms  %s%n", e.getValue(), e.getKey()));
    System.out.println("worst kinds:");
    lines.stream()
        .sorted(Comparator.comparingDouble(Line::worst).reversed())
        .limit(10)
        .forEach(
            line -> System.out.printf(Locale.ROOT, "  %6.1f ms  %s%n", line.worst(), line.kind()));
  }
}
