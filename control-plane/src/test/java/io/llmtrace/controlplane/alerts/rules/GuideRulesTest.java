package io.llmtrace.controlplane.alerts.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.llmtrace.controlplane.statistics.RecentKeys;
import io.llmtrace.controlplane.statistics.RecentRow;
import io.llmtrace.controlplane.statistics.RecentSum;
import io.llmtrace.controlplane.statistics.RecentSums;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The guide's four rules on a simulated clock: each on series just below its threshold, at it, just
 * above it, above it for just less than its duration, and calm again. What the rules say at each
 * tick of ten seconds is compared with what Prometheus says of the shipped rules on the same series
 * at the same ticks; a transition may differ by one tick.
 */
class GuideRulesTest {
  private static final int TICK = RecentRow.SECONDS;

  /** Ticks of a scenario: 45 minutes. */
  private static final int TICKS = 270;

  private static final String[] BOUNDS = {
    "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "30.0", "60.0", "+Inf"
  };

  /** What happens in a tick. */
  record Tick(
      long requests, long errors, long slow, double slowSeconds, long findings, int breaker) {
    static final Tick CALM = new Tick(100, 0, 0, 0, 0, 0);

    static Tick errors(long errors) {
      return new Tick(100, errors, 0, 0, 0, 0);
    }

    /** Of 100 requests so many took so long; the others 0.2 s. */
    static Tick slow(long slow, double seconds) {
      return new Tick(100, 0, slow, seconds, 0, 0);
    }

    static Tick findings(long findings) {
      return new Tick(100, 0, 0, 0, findings, 0);
    }

    static Tick breaker(int state) {
      return new Tick(100, 0, 0, 0, 0, state);
    }

    RecentSums sums() {
      return new RecentSums()
          .add(RecentSum.EXCHANGES, requests)
          .add(RecentSum.REQUESTS, requests)
          .add(RecentSum.ERRORS, errors)
          .add(RecentSum.FINDINGS, findings)
          .addDuration(0.2, requests - slow)
          .addDuration(slowSeconds, slow);
    }
  }

  /**
   * A series.
   *
   * @param fires seconds at which it must fire, or -1 for never; worked out by hand
   * @param resolves seconds at which it must be over; -1 for not within the scenario
   */
  record Scenario(String name, String rule, IntFunction<Tick> ticks, int fires, int resolves) {
    @Override
    public String toString() {
      return rule + ": " + name;
    }
  }

  private static IntFunction<Tick> between(int from, int until, Tick then) {
    return tick -> tick * TICK >= from && tick * TICK < until ? then : Tick.CALM;
  }

  static Stream<Scenario> scenarios() {
    return Stream.of(
        // 4 of 100.
        new Scenario("just below", "high_error_rate", tick -> Tick.errors(4), -1, -1),
        // 5 of 100 is not above 5 %.
        new Scenario("at the threshold", "high_error_rate", tick -> Tick.errors(5), -1, -1),
        // From 600 s on 6 of 100. More than 5/6 of the window are so after 26 ticks, at 860 s; then
        // five minutes. Calm from 1,500 s on: less than that 50 s later; then a minute.
        new Scenario(
            "just above", "high_error_rate", between(600, 1_500, Tick.errors(6)), 1_160, 1_610),
        // Above from 860 s to 1,140 s: 280 s.
        new Scenario(
            "above for too short", "high_error_rate", between(600, 1_090, Tick.errors(6)), -1, -1),
        // All fail for a minute: above 5 % from 620 s on, when two such ticks are in the window, to
        // 940 s, when two are left.
        new Scenario(
            "an outage of a minute",
            "high_error_rate",
            between(600, 660, Tick.errors(100)),
            920,
            1_010),
        // 95 % of requests in 0.2 s: exactly the 95th percentile is in the fast bucket.
        new Scenario("just below", "high_latency", tick -> Tick.slow(5, 8), -1, -1),
        // The bucket of 2.5 to 5 s reaches 5 s at its end, which is not above it.
        new Scenario("at the threshold", "high_latency", tick -> Tick.slow(100, 4.9), -1, -1),
        new Scenario(
            "just above", "high_latency", between(600, 1_500, Tick.slow(6, 8)), 1_160, 1_610),
        new Scenario(
            "above for too short", "high_latency", between(600, 1_090, Tick.slow(6, 8)), -1, -1),
        new Scenario("half open", "breaker_open", tick -> Tick.breaker(1), -1, -1),
        // Open from 600 s on, as reported at 600 s: thirty seconds. Closed at 900 s; then a minute.
        new Scenario("open", "breaker_open", between(600, 900, Tick.breaker(2)), 630, 960),
        new Scenario(
            "open for too short", "breaker_open", between(600, 630, Tick.breaker(2)), -1, -1),
        // 9 and 10 a minute.
        new Scenario(
            "just below", "finding_spike", tick -> Tick.findings(tick % 6 < 3 ? 1 : 2), -1, -1),
        new Scenario(
            "at the threshold",
            "finding_spike",
            tick -> Tick.findings(tick % 3 == 0 ? 2 : tick % 3 == 1 ? 2 : 1),
            -1,
            -1),
        // 12 a minute from 600 s on: 51 in the window after 26 ticks.
        new Scenario(
            "just above", "finding_spike", between(600, 1_500, Tick.findings(2)), 1_160, 1_610),
        new Scenario(
            "above for too short", "finding_spike", between(600, 1_090, Tick.findings(2)), -1, -1));
  }

  /** Whether the rule fires at each tick. */
  private static boolean[] ours(Scenario scenario) throws Exception {
    RuleBook book = RuleBook.of(Map.of(), List.of());
    RuleStates states = new RuleStates(book.rules());
    List<RecentRow> rows = new ArrayList<>();
    boolean[] firing = new boolean[TICKS];
    for (int tick = 0; tick < TICKS; tick++) {
      Instant now = Instant.ofEpochSecond((long) tick * TICK);
      String breaker =
          List.of("closed", "half_open", "open").get(scenario.ticks().apply(tick).breaker());
      Recent recent =
          Recent.at(now)
              .withSums(List.copyOf(rows))
              .withNodes(
                  List.of(new Recent.Node("n1", now, Map.of("analysis", breaker), List.of())));
      states.take(book.look(recent), now);
      firing[tick] = states.state(scenario.rule(), Map.of()) == RuleStates.State.FIRING;
      rows.add(
          new RecentRow(
              (long) tick * TICK,
              new RecentKeys("t", "r", "openai", "m"),
              scenario.ticks().apply(tick).sums()));
    }
    return firing;
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void aRuleFiresAtItsThresholdAndDurationAndNotBefore(Scenario scenario) throws Exception {
    boolean[] firing = ours(scenario);

    int fires = -1;
    int resolves = -1;
    for (int tick = 1; tick < TICKS; tick++) {
      if (firing[tick] && !firing[tick - 1]) {
        assertThat(fires).as("fires once").isEqualTo(-1);
        fires = tick * TICK;
      }
      if (!firing[tick] && firing[tick - 1]) {
        resolves = tick * TICK;
      }
    }
    assertThat(List.of(fires, resolves)).isEqualTo(List.of(scenario.fires(), scenario.resolves()));
  }

  @Test
  void prometheusSaysTheSameOfTheShippedRules(@TempDir Path directory) throws Exception {
    Optional<Promtool> promtool = Promtool.find();
    assumeTrue(
        promtool.isPresent(),
        "promtool is not on the path (Debian: package prometheus): what Prometheus says of the same"
            + " series was not looked at");
    Files.copy(Path.of("../grafana/prometheus/llmtrace-rules.yml"), directory.resolve("rules.yml"));
    StringBuilder test =
        new StringBuilder("rule_files: [rules.yml]\nevaluation_interval: 10s\ntests:\n");
    // 50 findings in 300 s are 10.000000000000002 a minute to Prometheus, which multiplies by
    // 1/300:
    // exactly at this threshold the two differ.
    List<Scenario> scenarios =
        scenarios()
            .filter(each -> !each.toString().equals("finding_spike: at the threshold"))
            .toList();
    int compared = 0;
    for (Scenario scenario : scenarios) {
      boolean[] firing = ours(scenario);
      test.append("  - name: '").append(scenario).append("'\n    interval: 10s\n");
      series(test, scenario);
      test.append("    promql_expr_test:\n");
      for (int tick = 1; tick < TICKS - 1; tick++) {
        // At a transition and one tick beside it either is right.
        if (firing[tick - 1] == firing[tick] && firing[tick] == firing[tick + 1]) {
          compared++;
          test.append("      - {expr: 'count(ALERTS{alertname=\"")
              .append(scenario.rule())
              .append("\",alertstate=\"firing\"}) or vector(0)', eval_time: ")
              .append(tick * TICK)
              .append("s, exp_samples: [{labels: '{}', value: ")
              .append(firing[tick] ? 1 : 0)
              .append("}]}\n");
        }
      }
    }
    Files.writeString(directory.resolve("test.yml"), test);

    Promtool.Ran ran = promtool.orElseThrow().run(directory, "test", "rules", "test.yml");

    assertThat(ran.output()).contains("SUCCESS");
    assertThat(ran.status()).isZero();
    assertThat(compared).isGreaterThan(scenarios.size() * (TICKS - 10));
  }

  /** Counters as the control plane shows them: what happened before a tick is in its sample. */
  private static void series(StringBuilder test, Scenario scenario) {
    test.append("    input_series:\n");
    counter(
        test,
        scenario,
        "llmtrace_requests_total{status=\"200\",route=\"r\"}",
        t -> t.requests() - t.errors());
    counter(test, scenario, "llmtrace_requests_total{status=\"502\",route=\"r\"}", Tick::errors);
    counter(test, scenario, "llmtrace_security_findings_total{type=\"jailbreak\"}", Tick::findings);
    for (int bound = 0; bound < BOUNDS.length; bound++) {
      int upTo = bound;
      counter(
          test,
          scenario,
          "llmtrace_request_duration_seconds_bucket{route=\"r\",le=\"" + BOUNDS[bound] + "\"}",
          t -> {
            long count = 0;
            for (int i = 0; i <= upTo; i++) {
              count += t.sums().durations(i);
            }
            return count;
          });
    }
    StringBuilder states = new StringBuilder();
    for (int tick = 0; tick < TICKS; tick++) {
      states.append(' ').append(scenario.ticks().apply(tick).breaker());
    }
    test.append(
            "      - {series: 'llmtrace_circuit_breaker_state{breaker=\"analysis\",node=\"n1\"}', values: '")
        .append(states.toString().strip())
        .append("'}\n");
  }

  private static void counter(
      StringBuilder test, Scenario scenario, String series, ToLongFunction<Tick> counted) {
    StringBuilder values = new StringBuilder();
    long total = 0;
    for (int tick = 0; tick < TICKS; tick++) {
      values.append(' ').append(total);
      total += counted.applyAsLong(scenario.ticks().apply(tick));
    }
    test.append("      - {series: '")
        .append(series)
        .append("', values: '")
        .append(values.toString().strip())
        .append("'}\n");
  }
}
