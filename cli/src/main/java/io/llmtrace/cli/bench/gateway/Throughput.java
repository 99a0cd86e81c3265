package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.measure.Rounded;
import io.llmtrace.cli.measure.Rounds;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** As many requests as clients get answered that wait for each answer, through a gateway. */
final class Throughput {
  private static final List<Integer> CONNECTIONS = List.of(16, 64);

  private final BenchPlan plan;
  private final Bodies texts;
  private final Figures figures;

  Throughput(BenchPlan plan, Bodies texts, Figures figures) {
    this.plan = plan;
    this.texts = texts;
    this.figures = figures;
  }

  /** Measures all contenders in turns. */
  void measure(Contender noop, Contender inspect, @Nullable Contender stock)
      throws InterruptedException {
    ArrayNode all = figures.json().putArray("throughput");
    List<Contender> contenders =
        stock == null ? List.of(noop, inspect) : List.of(noop, inspect, stock);
    double worstNoop = Double.POSITIVE_INFINITY;
    double worstStock = Double.POSITIVE_INFINITY;
    for (int size : Bodies.SIZES) {
      for (int connections : CONNECTIONS) {
        Map<String, List<Double>> rates = new LinkedHashMap<>();
        Map<String, Supplier<byte[]>> bodies = new LinkedHashMap<>();
        for (Contender each : contenders) {
          rates.put(each.name(), new ArrayList<>());
          bodies.put(each.name(), texts.ongoing(size));
        }
        for (int round = 0; round < plan.rounds(); round++) {
          figures.say(
              "throughput, %d bytes, %d connections, round %d", size, connections, round + 1);
          for (Contender each : Rounds.turned(contenders, round)) {
            Outcome seen =
                each.load().closed(bodiesOf(bodies, each.name()), connections, plan.seconds());
            figures.count(seen);
            rates.computeIfAbsent(each.name(), n -> new ArrayList<>()).add(seen.perSecond());
          }
        }
        List<Double> ours = rates.getOrDefault(inspect.name(), List.of());
        double toNoop = Rounds.medianRatio(ours, rates.getOrDefault(noop.name(), List.of()));
        ObjectNode node = all.addObject().put("bytes", size).put("connections", connections);
        rates.forEach(
            (name, list) -> {
              node.put(name + "_per_second", Math.round(Rounds.median(list)));
              ArrayNode rounds = node.putArray(name + "_rounds");
              list.forEach(value -> rounds.add(Math.round(value)));
            });
        node.put("ratio_to_noop", Rounded.thousandths(toNoop));
        worstNoop = Math.min(worstNoop, toNoop);
        String figure = size + " bytes, " + connections + " connections: ";
        figures.judge(figure + "throughput to noop", toNoop, "≥ 0.85", toNoop >= 0.85);
        if (stock != null) {
          double toStock = Rounds.medianRatio(ours, rates.getOrDefault(stock.name(), List.of()));
          node.put("ratio_to_stock", Rounded.thousandths(toStock));
          worstStock = Math.min(worstStock, toStock);
          figures.judge(figure + "throughput to stock runner", toStock, "≥ 1", toStock >= 1);
        }
      }
    }
    figures.json().put("ratio_to_noop", Rounded.thousandths(worstNoop));
    if (stock == null) {
      figures.json().putNull("ratio_to_stock");
    } else {
      figures.json().put("ratio_to_stock", Rounded.thousandths(worstStock));
    }
  }

  private static Supplier<byte[]> bodiesOf(Map<String, Supplier<byte[]>> bodies, String name) {
    Supplier<byte[]> found = bodies.get(name);
    if (found == null) {
      throw new IllegalStateException("no bodies for " + name);
    }
    return found;
  }
}
