package io.llmtrace.controlplane.alerts.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.statistics.RecentFinding;
import io.llmtrace.controlplane.statistics.RecentKeys;
import io.llmtrace.controlplane.statistics.RecentRow;
import io.llmtrace.controlplane.statistics.RecentSum;
import io.llmtrace.controlplane.statistics.RecentSums;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.AlertRuleFile;
import io.llmtrace.runtime.config.ConfigException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CustomRulesTest {
  private static final Instant NOW = Instant.ofEpochSecond(10_000);

  @TempDir private Path directory;

  private AlertRuleFile file(String text) throws Exception {
    return AlertRuleFile.load(Files.writeString(directory.resolve("rules.yaml"), text), Map.of());
  }

  private RuleBook book(String text) throws Exception {
    return RuleBook.of(Map.of(), List.of(file(text)));
  }

  private static RecentRow row(String tenant, String model, RecentSums sums) {
    return new RecentRow(9_990, new RecentKeys(tenant, "r", "openai", model), sums);
  }

  private static List<Observation> of(RuleBook book, String rule, Recent recent) {
    return book.look(recent).stream().filter(each -> each.rule().equals(rule)).toList();
  }

  @Test
  void theExampleIsFineAndItsTestsPass() throws Exception {
    AlertRuleFile file = AlertRuleFile.load(Path.of("../docs/examples/alert-rules.yaml"), Map.of());
    RuleBook book = RuleBook.of(Map.of(), List.of(file));

    List<RuleTests.Result> results = RuleTests.run(book, file);

    assertThat(results).hasSize(5).allSatisfy(each -> assertThat(each.failures()).isEmpty());
  }

  @Test
  void aTestThatExpectsSomethingElseFailsWithLineAndState() throws Exception {
    AlertRuleFile file =
        file(
            """
            rules:
              - {name: busy, severity: low, when: requests > 5}
            tests:
              - name: t
                series:
                  - {tenant: a, per_minute: {requests: 60}}
                expect:
                  - {at_seconds: 30, rule: busy, state: none}
                  - {at_seconds: 30, rule: bussy, state: firing}
            """);

    List<RuleTests.Result> results = RuleTests.run(RuleBook.of(Map.of(), List.of(file)), file);

    assertThat(results.get(0).failures())
        .satisfiesExactly(
            first ->
                assertThat(first)
                    .endsWith(
                        "rules.yaml:8: tests[0].expect[0]: after 30 s busy was expected to be none,"
                            + " is firing"),
            second -> assertThat(second).contains(":9:").contains("a rule that there is"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          when: cost > 5.0                        | 2: rules[0].when: expected a condition in CEL, but at 1:1 undeclared reference to 'cost'
          when: cost_usd + 1.0                    | expected type 'bool' but found 'double'
          when: "cost_usd > '5'"                  | found no matching overload for '_>_' applied to '(double, string)'
          when: "[1, 2].exists(x, x > 1)"         | undeclared reference
          match: severity >= 'high'               | found no matching overload for '_>=_' applied to '(int, string)'
          match: severity >= hihg                 | undeclared reference to 'hihg'
          """)
  void anExpressionThatCannotBeIsRefusedWithItsPlace(String condition, String expected) {
    assertThatThrownBy(() -> book("rules:\n  - {name: x, severity: low, " + condition + "}\n"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(expected);
  }

  @Test
  void everythingElseThatIsWrongIsToldAtOnce() {
    assertThatThrownBy(
            () ->
                book(
                    """
                    rules:
                      - name: Bad Name
                        severity: dire
                        by: [tenant, consumer]
                        when: requests > 1
                        match: severity >= high
                        window_second: 5
                      - {name: y, severity: HIGH, match: severity >= high, until: requests > 1, first_seen: true, runbook: nowhere}
                      - {name: y, severity: low, when: requests > 1, count: 3}
                    """))
        .isInstanceOf(ConfigException.class)
        .satisfies(
            thrown ->
                assertThat(((ConfigException) thrown).problems())
                    .extracting(each -> each.line() + " " + each.key())
                    .contains(
                        "2 rules[0].name",
                        "3 rules[0].severity",
                        "4 rules[0].by[1]",
                        "6 rules[0].match",
                        "7 rules[0].window_second",
                        "8 rules[1].until",
                        "8 rules[1].first_seen",
                        "8 rules[1].runbook",
                        "9 rules[2].name",
                        "9 rules[2].count"));
  }

  @Test
  void anUnknownNameInASummaryAndANameOfABuiltInRuleAreRefused() {
    assertThatThrownBy(
            () ->
                book(
                    """
                    rules:
                      - name: high_latency
                        severity: low
                        when: requests > 1
                        summary: "{costs} {requests}"
                      - {name: z, severity: low, when: requests > 1, value: costs}
                    """))
        .hasMessageContaining("5: rules[0].summary: {costs} is not known")
        .hasMessageContaining("there is a rule \"high_latency\" already")
        .hasMessageContaining("rules[1].value: expected the name of a number");
  }

  @Test
  void whatAnExpressionCostsIsBounded() {
    String longOne = "requests > 1" + " || requests > 1".repeat(100);
    String deepOne = "(".repeat(60) + "true" + ")".repeat(60);

    for (String each : List.of(longOne, deepOne)) {
      assertThatThrownBy(() -> book("rules:\n  - {name: x, severity: low, when: '" + each + "'}"))
          .isInstanceOf(ConfigException.class);
    }
  }

  @Test
  void aConditionThatCannotBeReckonedDoesNotHold() throws Exception {
    RuleBook book = book("rules:\n  - {name: x, severity: low, when: requests / errors > 1}\n");

    List<Observation> seen =
        of(
            book,
            "x",
            Recent.at(NOW)
                .withSums(List.of(row("a", "m", new RecentSums().add(RecentSum.REQUESTS, 9)))));

    assertThat(seen).singleElement().satisfies(one -> assertThat(one.active()).isFalse());
  }

  @Test
  void whatIsToldIsMeasuredNamedAndHasHysteresis() throws Exception {
    RuleBook book =
        book(
            """
            rules:
              - name: x
                severity: high
                by: [tenant]
                when: error_share > 0.5
                until: error_share < 0.1
                value: error_share
                threshold: 0.5
                summary: "{tenant}: {error_share} of {requests}, {cost_usd} dollars, limit {threshold}"
            """);
    RecentSums bad =
        new RecentSums().add(RecentSum.REQUESTS, 8).add(RecentSum.ERRORS, 6).addCost(0.12345);
    RecentSums between = new RecentSums().add(RecentSum.REQUESTS, 8).add(RecentSum.ERRORS, 2);

    List<Observation> seen =
        of(
            book,
            "x",
            Recent.at(NOW).withSums(List.of(row("a\u001b", "m", bad), row("b", "m", between))));

    assertThat(seen)
        .satisfiesExactlyInAnyOrder(
            one -> {
              assertThat(one.active()).isTrue();
              assertThat(one.value()).isEqualTo(75);
              assertThat(one.threshold()).isEqualTo(50);
              assertThat(one.unit()).isEqualTo("%");
              assertThat(one.counts()).isEqualTo(Map.of("requests", 8L, "errors", 6L));
              assertThat(one.summary()).isEqualTo("a: 75 % of 8, 0.123 dollars, limit 50");
            },
            other -> {
              assertThat(other.active()).isFalse();
              assertThat(other.clear()).isFalse();
            });
  }

  @Test
  void severityIsOrderedBySeverity() throws Exception {
    RuleBook book =
        book("rules:\n  - {name: x, severity: low, by: [severity], match: severity >= high}\n");
    List<RecentFinding> findings = new ArrayList<>();
    for (Severity each : Severity.values()) {
      findings.add(
          new RecentFinding(
              9_990,
              new RecentFinding.What(
                  new RecentKeys("a", "r", "openai", "m"), "jailbreak", each, 9, "block"),
              3));
    }

    List<Observation> seen = of(book, "x", Recent.at(NOW).withFindings(findings));

    assertThat(seen)
        .extracting(each -> each.labels().get("severity"))
        .containsExactlyInAnyOrder("high", "critical");
    assertThat(seen.get(0).counts())
        .isEqualTo(Map.of("findings", 3L, "blocked", 3L, Observation.CONFIDENCE, 90L));
  }

  @Test
  void thereAreAtMostAThousandGroupsAndOneOfTheRest() throws Exception {
    RuleBook book = book("rules:\n  - {name: x, severity: low, by: [model], when: requests > 1}\n");
    List<RecentRow> rows = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      rows.add(row("a", "m" + i, new RecentSums().add(RecentSum.REQUESTS, i < 5 ? 100 : 2)));
    }

    List<Observation> seen = of(book, "x", Recent.at(NOW).withSums(rows));

    assertThat(seen).hasSize(Look.MOST_GROUPS + 1);
    assertThat(seen).extracting(each -> each.labels().get("model")).contains("m0", "m4", "other");
    assertThat(seen.stream().mapToLong(each -> each.counts().getOrDefault("requests", 0L)).sum())
        .isEqualTo(5 * 100 + 4_995 * 2);
  }

  @Test
  void settingsOfBuiltInRulesAreCheckedAndUsed() throws Exception {
    RuleSettings byRoute =
        new RuleSettings(
            null,
            0.5,
            0.2,
            Duration.ofSeconds(60),
            Duration.ZERO,
            null,
            Severity.LOW,
            List.of("route"));
    RuleBook book = RuleBook.of(Map.of("high_error_rate", byRoute), List.of());

    List<Observation> seen =
        of(
            book,
            "high_error_rate",
            Recent.at(NOW)
                .withSums(
                    List.of(
                        row(
                            "a",
                            "m",
                            new RecentSums()
                                .add(RecentSum.REQUESTS, 10)
                                .add(RecentSum.ERRORS, 4)))));

    assertThat(seen)
        .singleElement()
        .satisfies(
            one -> {
              assertThat(one.labels()).isEqualTo(Map.of("route", "r"));
              assertThat(one.active() || one.clear()).isFalse();
              assertThat(one.severity()).isEqualTo(Severity.LOW);
            });
    for (Map.Entry<String, RuleSettings> wrong :
        Map.of(
                "high_error", RuleSettings.UNCHANGED,
                "breaker_open", byRoute,
                "node_silent", byRoute)
            .entrySet()) {
      assertThatThrownBy(() -> RuleBook.of(Map.of(wrong.getKey(), wrong.getValue()), List.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith(wrong.getKey());
    }
  }

  @Test
  void eachBuiltInRuleHasARunbookThatSaysHowToConfirmActAndTune() throws Exception {
    for (AlertRule rule : RuleBook.of(Map.of(), List.of()).rules()) {
      assertThat(Files.readString(Path.of("..", rule.runbook())))
          .startsWith("# " + rule.name() + "\n")
          .contains("## Confirm\n", "## Do\n", "## Tune\n");
    }
  }
}
