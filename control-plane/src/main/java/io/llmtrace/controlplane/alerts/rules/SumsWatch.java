package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.statistics.RecentSum;
import io.llmtrace.controlplane.statistics.RecentSums;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** A rule about sums over a window. */
record SumsWatch(AlertRule rule, Condition condition) implements Watch {
  private static final List<RecentSum> TOLD =
      List.of(
          RecentSum.EXCHANGES,
          RecentSum.REQUESTS,
          RecentSum.ERRORS,
          RecentSum.FINDINGS,
          RecentSum.FLAGGED,
          RecentSum.REDACTED,
          RecentSum.LIMITED,
          RecentSum.BLOCKED,
          RecentSum.PARTIAL,
          RecentSum.UNINSPECTED,
          RecentSum.UNOBSERVED,
          RecentSum.LOST);

  @Override
  public Set<Source> sources() {
    return Set.of(Source.SUMS);
  }

  @Override
  public void look(Look look, Consumer<Observation> to) {
    double seconds = look.seconds(rule.window());
    look.sums(rule.window(), rule.by())
        .forEach(
            (labels, sums) -> {
              Condition.Verdict verdict = condition.judge(sums, labels, seconds);
              to.accept(
                  new Observation(
                      rule.name(),
                      labels,
                      rule.severity(),
                      verdict.active(),
                      verdict.clear(),
                      verdict.value(),
                      verdict.threshold(),
                      verdict.unit(),
                      counts(sums),
                      List.of(),
                      summary(labels, sums, seconds, verdict)));
            });
  }

  private String summary(
      Map<String, String> labels, RecentSums sums, double seconds, Condition.Verdict verdict) {
    return new Template(rule.summary())
        .filled(
            name -> {
              Measured measured = Measured.of(name);
              if (measured != null) {
                return measured.text(measured.of(sums, seconds));
              }
              return switch (name) {
                case "threshold" -> Numbers.shortly(verdict.threshold());
                case "window" -> Numbers.time(rule.window());
                default -> labels.getOrDefault(name, "");
              };
            });
  }

  static Map<String, Long> counts(RecentSums sums) {
    Map<String, Long> counts = new TreeMap<>();
    for (RecentSum sum : TOLD) {
      if (sums.get(sum) > 0) {
        counts.put(sum.column(), sums.get(sum));
      }
    }
    return counts;
  }
}
