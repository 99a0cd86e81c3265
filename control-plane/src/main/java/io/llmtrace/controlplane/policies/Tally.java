package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.policies.SimulationResult.SimulatedDecisions;
import io.llmtrace.controlplane.policies.SimulationResult.SimulatedExchange;
import io.llmtrace.controlplane.policies.SimulationResult.SimulatedRule;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.policy.Action;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Counts what a simulation sees. Of one thread. */
final class Tally {
  private static final int EXAMPLES = 50;
  private static final int RULES = 200;

  private record Pair(Action before, Action after) {}

  private record Deciding(String rule, Action action) {}

  private final Map<Pair, Long> decisions =
      new TreeMap<>(Comparator.comparing(Pair::before).thenComparing(Pair::after));
  private final Map<Deciding, Long> rules =
      new TreeMap<>(Comparator.comparing(Deciding::rule).thenComparing(Deciding::action));
  private final Map<String, Long> notEvaluable = new TreeMap<>();
  private final Map<String, Long> partlyEvaluable = new TreeMap<>();
  private final List<SimulatedExchange> examples = new ArrayList<>();
  private long exchanges;
  private long different;

  /** Something that was decided. */
  record Decided(Action action, String rule) {}

  void decided(String id, Decided before, Decided after, List<Finding> findings) {
    exchanges++;
    decisions.merge(new Pair(before.action(), after.action()), 1L, Long::sum);
    rules.merge(new Deciding(after.rule(), after.action()), 1L, Long::sum);
    if (before.action() != after.action()) {
      different++;
      if (examples.size() < EXAMPLES) {
        examples.add(
            new SimulatedExchange(
                id,
                before.action().label(),
                after.action().label(),
                before.rule(),
                after.rule(),
                findings.stream().map(each -> each.type().label()).distinct().sorted().toList()));
      }
    }
  }

  void notEvaluable(String fact) {
    exchanges++;
    notEvaluable.merge(fact, 1L, Long::sum);
  }

  void partly(String what) {
    partlyEvaluable.merge(what, 1L, Long::sum);
  }

  long exchanges() {
    return exchanges;
  }

  SimulationResult result() {
    List<SimulatedDecisions> pairs = new ArrayList<>();
    decisions.forEach(
        (pair, count) ->
            pairs.add(new SimulatedDecisions(pair.before().label(), pair.after().label(), count)));
    List<SimulatedRule> deciding =
        rules.entrySet().stream()
            .sorted(Map.Entry.<Deciding, Long>comparingByValue().reversed())
            .limit(RULES)
            .map(
                each ->
                    new SimulatedRule(
                        each.getKey().rule(), each.getKey().action().label(), each.getValue()))
            .toList();
    return new SimulationResult(
        exchanges,
        different,
        pairs,
        deciding,
        Map.copyOf(notEvaluable),
        Map.copyOf(partlyEvaluable),
        List.copyOf(examples));
  }
}
