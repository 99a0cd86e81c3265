package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.measure.Rounded;
import io.llmtrace.cli.measure.Rounds;
import io.llmtrace.policies.json.WireJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What inspection adds to the time of a request, at half of the load that can be carried. */
final class Latency {
  private final BenchPlan plan;
  private final Bodies texts;
  private final Figures figures;

  Latency(BenchPlan plan, Bodies texts, Figures figures) {
    this.plan = plan;
    this.texts = texts;
    this.figures = figures;
  }

  /** Measures conversations of each size. */
  void measure(Contender noop, Contender inspect) throws InterruptedException {
    ArrayNode all = figures.json().putArray("latency");
    double worstP50 = 0;
    double worstP99 = 0;
    for (int size : Bodies.SIZES) {
      Supplier<byte[]> bodies = texts.ongoing(size);
      double capacity = inspect.load().closed(bodies, 64, plan.seconds()).perSecond();
      Pairs pairs = pairs(noop, inspect, bodies, size + " bytes", capacity / 2);
      all.add(pairs.json().put("bytes", size).put("per_second", Math.round(capacity / 2)));
      worstP50 = Math.max(worstP50, pairs.p50());
      worstP99 = Math.max(worstP99, pairs.p99());
    }
    figures.json().put("added_p50_ms", Rounded.thousandths(worstP50));
    figures.json().put("added_p99_ms", Rounded.thousandths(worstP99));
    figures.judge("added latency at half load, p50, ms", worstP50, "≤ 0.5", worstP50 <= 0.5);
    figures.judge("added latency at half load, p99, ms", worstP99, "≤ 5", worstP99 <= 5);
  }

  /** Measures texts that nobody sent before. */
  void measureAllNew(Contender noop, Contender cheap) throws InterruptedException {
    Supplier<byte[]> bodies = texts.allNew(8 << 10)::next;
    cheap.load().closed(bodies, 16, Math.max(3, plan.seconds()));
    double capacity = cheap.load().closed(bodies, 64, plan.seconds()).perSecond();
    Pairs pairs = pairs(noop, cheap, bodies, "8 KB all new, no ONNX", capacity / 2);
    figures
        .json()
        .set(
            "cold", pairs.json().put("bytes", 8 << 10).put("per_second", Math.round(capacity / 2)));
    double p99 = pairs.ownP99();
    figures.judge("8 KB all new, no ONNX, at half load: p99, ms", p99, "≤ 10", p99 <= 10);
  }

  /** What latency at a fixed rate is with and without inspection. */
  private record Pairs(ObjectNode json, double p50, double p99, double ownP99) {}

  private Pairs pairs(
      Contender noop, Contender inspect, Supplier<byte[]> bodies, String what, double perSecond)
      throws InterruptedException {
    ObjectNode node = WireJson.mapper().createObjectNode();
    Map<String, List<Double>> p50 = new LinkedHashMap<>();
    Map<String, List<Double>> p99 = new LinkedHashMap<>();
    for (int pair = 0; pair < plan.pairs(); pair++) {
      figures.say("latency, %s, %.0f a second, pair %d", what, perSecond, pair + 1);
      for (Contender each : Rounds.turned(List.of(noop, inspect), pair)) {
        Outcome seen = each.load().open(bodies, 64, plan.seconds(), perSecond);
        figures.count(seen);
        p50.computeIfAbsent(each.name(), n -> new ArrayList<>()).add(seen.percentile(0.5));
        p99.computeIfAbsent(each.name(), n -> new ArrayList<>()).add(seen.percentile(0.99));
      }
    }
    for (Contender each : List.of(noop, inspect)) {
      list(node, each.name() + "_p50_ms", p50.getOrDefault(each.name(), List.of()));
      list(node, each.name() + "_p99_ms", p99.getOrDefault(each.name(), List.of()));
    }
    double added50 =
        Rounds.medianDifference(
            p50.getOrDefault(inspect.name(), List.of()), p50.getOrDefault(noop.name(), List.of()));
    double added99 =
        Rounds.medianDifference(
            p99.getOrDefault(inspect.name(), List.of()), p99.getOrDefault(noop.name(), List.of()));
    double own = Rounds.median(p99.getOrDefault(inspect.name(), List.of()));
    node.put("added_p50_ms", Rounded.thousandths(added50))
        .put("added_p99_ms", Rounded.thousandths(added99));
    return new Pairs(node, added50, added99, own);
  }

  private static void list(ObjectNode node, String name, List<Double> values) {
    ArrayNode array = node.putArray(name);
    values.forEach(value -> array.add(Rounded.thousandths(value)));
  }
}
