package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.budgets.BudgetUse;
import io.llmtrace.policies.detect.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Rules about how something is, not about how much of it there was. */
final class StateWatches {
  /** A node that is silent for this long was taken away. */
  static final Duration GONE = Duration.ofHours(24);

  private static final int HALF = 50;
  private static final int MOST = 80;
  private static final int WHOLE = 100;

  private StateWatches() {}

  /** That a breaker of a node that reports is open: 2 of 0 closed, 1 half open, 2 open. */
  record Breaker(AlertRule rule) implements Watch {
    private static final String NAME = "analysis";

    /** After three reports of five seconds; as for the metric, what it said then is not so now. */
    private static final Duration SILENT = Duration.ofSeconds(15);

    @Override
    public Set<Source> sources() {
      return Set.of(Source.NODES);
    }

    @Override
    public void look(Look look, Consumer<Observation> to) {
      Map<SortedMap<String, String>, long[]> groups = new java.util.LinkedHashMap<>();
      if (rule.by().isEmpty()) {
        groups.put(new TreeMap<>(), new long[3]);
      }
      for (Recent.Node node : look.recent().nodes()) {
        String state = node.breakers().getOrDefault(NAME, "closed");
        if (!silentFor(look, node, SILENT)) {
          SortedMap<String, String> labels = new TreeMap<>();
          if (rule.by().contains("node")) {
            labels.put("node", node.name());
          }
          int value = state.equals("open") ? 2 : state.equals("half_open") ? 1 : 0;
          groups.computeIfAbsent(labels, key -> new long[3])[value]++;
        }
      }
      groups.forEach(
          (labels, states) -> {
            boolean active = states[2] > 0;
            to.accept(
                observed(
                    rule,
                    labels,
                    rule.severity(),
                    active,
                    active ? 2 : states[1] > 0 ? 1 : 0,
                    2,
                    "",
                    Map.of("nodes_open", states[2], "nodes", states[0] + states[1] + states[2]),
                    filled(
                        rule,
                        Map.of(
                            "nodes_open",
                            Long.toString(states[2]),
                            "node",
                            labels.getOrDefault("node", "")))));
          });
    }
  }

  /** That a node has not reported for some seconds. */
  record Silent(AlertRule rule, double seconds) implements Watch {
    @Override
    public Set<Source> sources() {
      return Set.of(Source.NODES);
    }

    @Override
    public void look(Look look, Consumer<Observation> to) {
      for (Recent.Node node : look.recent().nodes()) {
        double silent = Duration.between(node.reportedAt(), look.recent().now()).toMillis() / 1e3;
        if (silent < GONE.toSeconds()) {
          to.accept(
              observed(
                  rule,
                  new TreeMap<>(Map.of("node", node.name())),
                  rule.severity(),
                  silent > seconds,
                  Math.max(0, silent),
                  seconds,
                  "s",
                  Map.of(),
                  filled(
                      rule,
                      Map.of(
                          "node",
                          node.name(),
                          "silent",
                          Numbers.time(Duration.ofSeconds((long) Math.max(0, silent))),
                          "reported_at",
                          Recent.told(node.reportedAt())))));
        }
      }
    }
  }

  /** That a node refuses a policy bundle. */
  record Bundle(AlertRule rule) implements Watch {
    @Override
    public Set<Source> sources() {
      return Set.of(Source.NODES);
    }

    @Override
    public void look(Look look, Consumer<Observation> to) {
      for (Recent.Node node : look.recent().nodes()) {
        List<String> problems =
            node.problems().stream().filter(each -> each.startsWith(Recent.Node.BUNDLE)).toList();
        if (!silentFor(look, node, GONE)) {
          to.accept(
              observed(
                  rule,
                  new TreeMap<>(Map.of("node", node.name())),
                  rule.severity(),
                  !problems.isEmpty(),
                  problems.size(),
                  1,
                  "",
                  Map.of(),
                  filled(
                      rule,
                      Map.of(
                          "node",
                          node.name(),
                          "problem",
                          problems.isEmpty() ? "" : problems.get(0)))));
        }
      }
    }
  }

  /** That a budget reaches one of its thresholds; the severity grows with what is spent. */
  record BudgetThreshold(AlertRule rule) implements Watch {
    @Override
    public Set<Source> sources() {
      return Set.of(Source.BUDGETS);
    }

    @Override
    public void look(Look look, Consumer<Observation> to) {
      for (BudgetUse budget : look.recent().budgets()) {
        to.accept(
            observed(
                rule,
                new TreeMap<>(Map.of("budget", budget.id(), "tenant", budget.tenant())),
                severity(budget.reached()),
                budget.reached() > 0,
                (double) budget.percent(),
                // Of one that has reached none, its first step is not known here.
                budget.reached(),
                "%",
                Map.of(),
                filled(
                    rule,
                    Map.of(
                        "budget",
                        budget.name(),
                        "tenant",
                        budget.tenant(),
                        "about",
                        budget.about(),
                        "percent",
                        Long.toString(budget.percent()),
                        "threshold",
                        Integer.toString(budget.reached()),
                        "spent",
                        budget.spent(),
                        "whole",
                        budget.whole(),
                        "until",
                        budget.until()))));
      }
    }

    private static Severity severity(int reached) {
      if (reached >= WHOLE) {
        return Severity.HIGH;
      }
      return reached >= MOST ? Severity.MEDIUM : reached >= HALF ? Severity.LOW : Severity.INFO;
    }
  }

  /** That something is out of the ordinary: as long as it goes on, but an hour at least. */
  record AnomalySeen(AlertRule rule) implements Watch {
    @Override
    public Set<Source> sources() {
      return Set.of(Source.ANOMALIES);
    }

    @Override
    public void look(Look look, Consumer<Observation> to) {
      Instant told = look.recent().now().minus(rule.window());
      for (Recent.Odd odd : look.recent().anomalies()) {
        SortedMap<String, String> labels = new TreeMap<>(odd.about());
        labels.put("anomaly", odd.id());
        labels.put("tenant", odd.tenant());
        labels.put("type", odd.type());
        to.accept(
            observed(
                rule,
                labels,
                odd.severity(),
                !odd.dismissed() && (!odd.ended() || odd.toldAt().isAfter(told)),
                odd.observed(),
                odd.limit(),
                odd.measure(),
                Map.of(),
                filled(
                    rule,
                    Map.of(
                        "type",
                        odd.type(),
                        "tenant",
                        odd.tenant(),
                        "measure",
                        odd.measure(),
                        "observed",
                        Numbers.shortly(odd.observed()),
                        "limit",
                        Numbers.shortly(odd.limit()),
                        "about",
                        String.join(" ", odd.about().values())))));
      }
    }
  }

  /** That messages do not get through a channel. */
  record Channel(AlertRule rule, double seconds) implements Watch {
    @Override
    public Set<Source> sources() {
      return Set.of(Source.CHANNELS);
    }

    @Override
    public void look(Look look, Consumer<Observation> to) {
      for (ChannelSeen channel : look.recent().channels()) {
        Instant since = channel.failingSince();
        double failing =
            since == null
                ? 0
                : Math.max(0, Duration.between(since, look.recent().now()).toMillis() / 1e3);
        boolean active = failing > seconds || channel.parked() > 0;
        to.accept(
            observed(
                rule,
                new TreeMap<>(Map.of("channel", channel.channel())),
                rule.severity(),
                active,
                failing,
                seconds,
                "s",
                Map.of("parked", channel.parked()),
                filled(
                    rule,
                    Map.of(
                        "channel",
                        channel.channel(),
                        "failing",
                        Numbers.time(Duration.ofSeconds((long) failing)),
                        "parked",
                        Long.toString(channel.parked()),
                        "oldest",
                        channel.oldest() == null ? "none" : Recent.told(channel.oldest())))));
      }
    }
  }

  private static boolean silentFor(Look look, Recent.Node node, Duration time) {
    return Duration.between(node.reportedAt(), look.recent().now()).compareTo(time) > 0;
  }

  private static String filled(AlertRule rule, Map<String, String> values) {
    return new Template(rule.summary()).filled(name -> values.getOrDefault(name, ""));
  }

  private static Observation observed(
      AlertRule rule,
      SortedMap<String, String> labels,
      Severity severity,
      boolean active,
      double value,
      double threshold,
      String unit,
      Map<String, Long> counts,
      String summary) {
    return new Observation(
        rule.name(),
        labels,
        severity,
        active,
        !active,
        value,
        threshold,
        unit,
        counts,
        List.of(),
        summary);
  }
}
