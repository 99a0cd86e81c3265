package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.budgets.BudgetUse;
import io.llmtrace.controlplane.statistics.RecentFinding;
import io.llmtrace.controlplane.statistics.RecentRow;
import io.llmtrace.policies.detect.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that rules look at. Immutable.
 *
 * @param now when it is looked at
 * @param sums of the longest window of any rule
 * @param findings of the longest window of any rule
 * @param seen when rules of the kind "first seen" saw what they know; see {@link Seen}
 * @param unseen for how long before now nobody looked; zero after a usual pause
 */
record Recent(
    Instant now,
    List<RecentRow> sums,
    List<RecentFinding> findings,
    List<Node> nodes,
    List<BudgetUse> budgets,
    List<Odd> anomalies,
    List<ChannelSeen> channels,
    Map<Seen, Instant> seen,
    Duration unseen) {

  static Recent at(Instant now) {
    return new Recent(
        now,
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        Map.of(),
        Duration.ZERO);
  }

  Recent withSums(List<RecentRow> changed) {
    return new Recent(now, changed, findings, nodes, budgets, anomalies, channels, seen, unseen);
  }

  Recent withFindings(List<RecentFinding> changed) {
    return new Recent(now, sums, changed, nodes, budgets, anomalies, channels, seen, unseen);
  }

  Recent withNodes(List<Node> changed) {
    return new Recent(now, sums, findings, changed, budgets, anomalies, channels, seen, unseen);
  }

  Recent withBudgets(List<BudgetUse> changed) {
    return new Recent(now, sums, findings, nodes, changed, anomalies, channels, seen, unseen);
  }

  Recent withAnomalies(List<Odd> changed) {
    return new Recent(now, sums, findings, nodes, budgets, changed, channels, seen, unseen);
  }

  Recent withChannels(List<ChannelSeen> changed) {
    return new Recent(now, sums, findings, nodes, budgets, anomalies, changed, seen, unseen);
  }

  Recent withSeen(Map<Seen, Instant> changed) {
    return new Recent(now, sums, findings, nodes, budgets, anomalies, channels, changed, unseen);
  }

  Recent withUnseen(Duration changed) {
    return new Recent(now, sums, findings, nodes, budgets, anomalies, channels, seen, changed);
  }

  /**
   * A node as it last reported.
   *
   * @param breakers state by name
   * @param problems as it wrote them
   */
  record Node(
      String name, Instant reportedAt, Map<String, String> breakers, List<String> problems) {
    /** What a problem with a policy bundle begins with. */
    static final String BUNDLE = "bundle ";
  }

  /**
   * An anomaly that goes on, or that was told a short time ago.
   *
   * @param dismissed whether somebody called it a false alarm or resolved it
   */
  record Odd(
      String id,
      Instant toldAt,
      String tenant,
      String type,
      Severity severity,
      Map<String, String> about,
      String measure,
      double observed,
      double limit,
      boolean ended,
      boolean dismissed) {}

  /**
   * Something that a rule of the kind "first seen" may know.
   *
   * @param key values of the rule's labels; empty for the rule itself, once it has looked
   */
  record Seen(String rule, String key) {
    /** The rule itself. */
    static Seen itself(String rule) {
      return new Seen(rule, "");
    }
  }

  /** What is told of a time that nobody knows. */
  static String told(@Nullable Instant time) {
    return time == null ? "an unknown time" : time.toString();
  }
}
