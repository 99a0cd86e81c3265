package io.llmtrace.controlplane.alerts.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.runtime.config.AlertRuleFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The rules on what the database holds. */
@ExtendWith(TestStorage.Extension.class)
class RuleEvaluatorTest {
  private final TestStorage database;
  @TempDir private Path directory;

  RuleEvaluatorTest(TestStorage database) {
    this.database = database;
  }

  @BeforeEach
  void empty() {
    database
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "TRUNCATE rollup_recent, rollup_recent_findings, alert_seen, instances, bundle_nodes, budgets,"
                        + " anomaly_changes, anomalies, findings, rollups"));
  }

  private RuleEvaluator evaluator(
      String rules, RuleEvaluator.Evidence evidence, ChannelSeen... channels) throws Exception {
    List<AlertRuleFile> files =
        rules.isEmpty()
            ? List.of()
            : List.of(
                AlertRuleFile.load(
                    Files.writeString(directory.resolve("rules.yaml"), rules), Map.of()));
    return new RuleEvaluator(RuleBook.of(Map.of(), files), () -> List.of(channels), evidence);
  }

  private List<Observation> look(RuleEvaluator evaluator, Instant now, String rule) {
    return database.jdbi().inTransaction(handle -> evaluator.look(handle, now)).stream()
        .filter(each -> each.rule().equals(rule))
        .toList();
  }

  private void sql(String sql, Object... arguments) {
    database.jdbi().useHandle(handle -> handle.execute(sql, arguments));
  }

  /** Requests, errors and durations of one bucket. */
  private void sums(long bucket, String model, int requests, int errors) {
    sql(
        "INSERT INTO rollup_recent VALUES (?, 'acme', 'chat', 'openai', ?, ?, 0, 0, 0, 0, 0, 0, ?, ?,"
            + " 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?, 0, 0, 0, 0, 0, 0)",
        bucket,
        model,
        requests,
        requests,
        errors,
        requests);
  }

  private void finding(long bucket, String tenant, String type, int count) {
    sql(
        "INSERT INTO rollup_recent_findings VALUES"
            + " (?, ?, 'chat', 'openai', 'm', ?, 'high', 9, 'block', ?)",
        bucket,
        tenant,
        type,
        count);
  }

  @Test
  void sumsOfTheWindowAreSeenAndOlderOnesAreNot() throws Exception {
    Instant now = Instant.now();
    long bucket = now.getEpochSecond() / 10 * 10;
    sums(bucket - 100, "a", 90, 9);
    sums(bucket - 200, "b", 10, 1);
    sums(bucket - 400, "a", 1_000, 1_000);
    RuleEvaluator evaluator = evaluator("", RuleEvaluator.Evidence.NONE);

    assertThat(look(evaluator, now, "high_error_rate"))
        .singleElement()
        .satisfies(
            one -> {
              assertThat(one.active()).isTrue();
              assertThat(one.value()).isEqualTo(10);
              assertThat(one.counts()).containsEntry("requests", 100L).containsEntry("errors", 10L);
              assertThat(one.summary()).startsWith("10 % of 100 requests failed");
            });
    // All of them in the bucket of 5 to 10 seconds.
    assertThat(look(evaluator, now, "high_latency"))
        .singleElement()
        .satisfies(one -> assertThat(one.value()).isEqualTo(9.75));
  }

  @Test
  void oneFindingIsEnoughAlsoWhereNobodyLookedWhenItCame() throws Exception {
    Instant now = Instant.now();
    finding(now.getEpochSecond() / 10 * 10 - 900, "acme", "jailbreak", 2);
    RuleEvaluator evaluator =
        evaluator(
            "rules:\n  - {name: twice, severity: low, match: severity >= high, count: 2}\n",
            RuleEvaluator.Evidence.NONE);

    assertThat(look(evaluator, now, "severe_finding")).isEmpty();
    List<Observation> seen =
        database
            .jdbi()
            .inTransaction(handle -> evaluator.look(handle, now, Duration.ofMinutes(20)));
    assertThat(seen)
        .filteredOn(each -> each.rule().equals("severe_finding"))
        .singleElement()
        .satisfies(one -> assertThat(one.active()).isTrue());
    assertThat(seen)
        .filteredOn(each -> each.rule().equals("twice"))
        .as("two in twenty minutes are not two in five")
        .singleElement()
        .satisfies(one -> assertThat(one.active()).isFalse());
  }

  @Test
  void nodesAreSilentOpenOrRefuseTheirBundle() throws Exception {
    sql(
        "INSERT INTO instances (node, received_at, snapshot) VALUES"
            + " ('n1', now() - interval '5 seconds', '{\"breakers\": {\"analysis\": \"open\"},"
            + " \"problems\": [\"a route is wrong\", \"bundle 7: its signature is wrong\"]}'),"
            + " ('n2', now() - interval '61 seconds',"
            + " '{\"breakers\": {\"analysis\": \"open\"}, \"problems\": null}'),"
            + " ('n3', now() - interval '30 hours', '{\"breakers\": {}, \"problems\": []}')");
    sql(
        "INSERT INTO instances VALUES ('n4', now(), '{\"breakers\": {}, \"problems\": []}'),"
            + " ('n5', now(), '{\"breakers\": {}, \"problems\": []}'),"
            + " ('n6', now(), '{\"breakers\": {}, \"problems\": []}')");
    sql(
        "INSERT INTO bundle_nodes (node, scope, labels, running_revision, refused, behind_since,"
            + " seen_at) VALUES ('n4', '*', '{}', 7, 'signature', now(), now()),"
            + " ('n5', '*', '{}', 7, NULL, now(), now()), ('n6', '*', '{}', 7, NULL, NULL, now())");
    Instant now = Instant.now();
    RuleEvaluator evaluator = evaluator("", RuleEvaluator.Evidence.NONE);

    assertThat(look(evaluator, now, "breaker_open"))
        .singleElement()
        .satisfies(
            one -> {
              assertThat(one.active()).isTrue();
              assertThat(one.counts()).isEqualTo(Map.of("nodes", 4L, "nodes_open", 1L));
            });
    assertThat(look(evaluator, now, "node_silent"))
        .extracting(one -> one.labels().get("node") + " " + one.active())
        .containsExactlyInAnyOrder("n1 false", "n2 true", "n4 false", "n5 false", "n6 false");
    assertThat(look(evaluator, now, "bundle_refused"))
        .extracting(one -> one.labels().get("node") + " " + one.active())
        .containsExactlyInAnyOrder("n1 true", "n2 false", "n4 true", "n5 true", "n6 false");
  }

  @Test
  void aBudgetHasOneObservationWhoseSeverityGrows() throws Exception {
    Instant now = Instant.now();
    sql(
        "INSERT INTO budgets (id, name, tenant, dimension, key, time_window, window_kind, usd,"
            + " enforcement, thresholds) VALUES ('b1', 'agents', 'acme', 'model', 'gpt-4o', 'day',"
            + " 'calendar', 10, 'soft', '{50,80,100}')");
    Map<Integer, Severity> steps =
        Map.of(4, Severity.INFO, 5, Severity.LOW, 9, Severity.MEDIUM, 12, Severity.HIGH);
    for (Map.Entry<Integer, Severity> step : steps.entrySet()) {
      sql("TRUNCATE rollups");
      for (String provider : List.of("openai", "azure")) {
        sql(
            "INSERT INTO rollups SELECT 'model', grain, date_trunc(grain, now(), 'UTC'), 'acme', ?,"
                + " 'gpt-4o', 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?, 0"
                + " FROM unnest(ARRAY['hour', 'day']) AS g(grain)",
            provider,
            step.getKey() / 2.0);
      }

      assertThat(look(evaluator("", RuleEvaluator.Evidence.NONE), now, "budget_threshold"))
          .singleElement()
          .satisfies(
              one -> {
                assertThat(one.labels()).isEqualTo(Map.of("budget", "b1", "tenant", "acme"));
                assertThat(one.severity()).isEqualTo(step.getValue());
                assertThat(one.active()).isEqualTo(step.getKey() >= 5);
                assertThat(one.value()).isEqualTo(step.getKey() * 10);
              });
    }
  }

  @Test
  void anomaliesAreActiveWhileTheyGoOnAndChannelsWhileTheyFail() throws Exception {
    Instant now = Instant.now();
    anomaly(now.minusSeconds(7_200), "NULL", "open");
    anomaly(now.minusSeconds(60), "now()", "open");
    anomaly(now.minusSeconds(61), "now()", "false_positive");
    anomaly(now.minusSeconds(7_300), "now()", "open");
    RuleEvaluator evaluator =
        evaluator(
            "",
            RuleEvaluator.Evidence.NONE,
            new ChannelSeen("slack", now.minusSeconds(301), 0, now.minusSeconds(400)),
            new ChannelSeen("mail", now.minusSeconds(299), 0, null),
            new ChannelSeen("pager", null, 2, null));

    assertThat(look(evaluator, now, "anomaly"))
        .extracting(Observation::active)
        .containsExactlyInAnyOrder(true, true, false);
    assertThat(look(evaluator, now, "channel_failing"))
        .extracting(one -> one.labels().get("channel") + " " + one.active())
        .containsExactlyInAnyOrder("slack true", "mail false", "pager true");
  }

  private void anomaly(Instant told, String ended, String state) {
    sql(
        "INSERT INTO anomalies (id, tenant, type, severity, dimension, key, key2, measure,"
            + " started_at, last_at, ended_at, hours, excess, peak_at, observed, expected_low,"
            + " expected_mid, expected_high, expected_limit, score, baseline, state) VALUES (?, 'acme',"
            + " 'cost_spike', 'medium', 'model', 'openai', 'gpt-4o', 'cost_usd', ?, now(), "
            + ended
            + ", 1, 1, now(), 20, 0, 1, 2, 5, 3, '{}', ?)",
        Ulid.of(told.toEpochMilli(), 0, 1),
        told.atOffset(java.time.ZoneOffset.UTC),
        state);
  }

  @Test
  void whatIsSeenFirstIsToldOnceAndWhatWasThereBeforeTheRuleIsNot() throws Exception {
    String rules =
        """
        rules:
          - name: new_type
            severity: high
            window_seconds: 300
            by: [tenant, type]
            match: severity >= high
            first_seen: true
        """;
    Instant now = Instant.now();
    long bucket = now.getEpochSecond() / 10 * 10;
    finding(bucket - 20, "acme", "jailbreak", 3);
    RuleEvaluator evaluator = evaluator(rules, RuleEvaluator.Evidence.NONE);
    assertThat(look(evaluator, now, "new_type"))
        .singleElement()
        .satisfies(one -> assertThat(one.active()).isFalse());

    finding(bucket - 10, "acme", "ssrf_attempt", 1);
    Instant next = now.plusSeconds(10);
    assertThat(look(evaluator, next, "new_type"))
        .extracting(one -> one.labels().get("type") + " " + one.active())
        .containsExactlyInAnyOrder("jailbreak false", "ssrf_attempt true");

    // Another replica knows it too, goes on telling it as long as the window is, and no longer.
    RuleEvaluator other = evaluator(rules, RuleEvaluator.Evidence.NONE);
    finding(bucket + 200, "acme", "ssrf_attempt", 1);
    assertThat(look(other, next.plusSeconds(200), "new_type"))
        .extracting(Observation::active)
        .contains(true);
    finding(bucket + 300, "acme", "ssrf_attempt", 1);
    assertThat(look(other, next.plusSeconds(310), "new_type"))
        .singleElement()
        .satisfies(one -> assertThat(one.active()).isFalse());
    assertThat(database.number("SELECT count(*) FROM alert_seen")).isEqualTo(3);
  }

  @Test
  void whatRulesKnowIsBounded() {
    Instant now = Instant.now();
    sql(
        "INSERT INTO alert_seen SELECT 'x', '=' || i, now(), now() - interval '1 second' * i"
            + " FROM generate_series(1, 10100) i");
    sql(
        "INSERT INTO alert_seen VALUES ('x', '', now() - interval '1 year', now() - interval '1 year')");
    sql("INSERT INTO alert_seen VALUES ('y', '=old', now(), now() - interval '91 days')");

    database.jdbi().useHandle(handle -> SeenStore.forget(handle, now));

    assertThat(database.number("SELECT count(*) FROM alert_seen WHERE rule = 'x'"))
        .isEqualTo(SeenStore.MOST_OF_A_RULE + 1);
    assertThat(database.number("SELECT count(*) FROM alert_seen WHERE rule = 'y'")).isZero();
    assertThat(database.column("SELECT key FROM alert_seen WHERE key = '=10100'")).isEmpty();
  }

  @Test
  void samplesAreThereOnlyWhereTheyAreAllowed() throws Exception {
    String rules =
        """
        rules:
          - {name: leaks, severity: high, by: [tenant], match: "type == 'secret_leakage'", count: 2}
        """;
    Instant now = Instant.now();
    long bucket = now.getEpochSecond() / 10 * 10;
    finding(bucket - 20, "acme", "secret_leakage", 3);
    database
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "CREATE TABLE IF NOT EXISTS findings_for_test PARTITION OF findings FOR VALUES IN"
                        + " ('test')"));
    for (int i = 0; i < 5; i++) {
      sql(
          "INSERT INTO findings VALUES (?, ?, 'test', 'request', 1, ?, ?, 'chat', 'secret_leakage',"
              + " 'high', 0.9, ?, '{}')",
          Ulid.of(now.toEpochMilli() - 1_000L * i, 0, i),
          java.time.LocalDate.ofInstant(now, java.time.ZoneOffset.UTC),
          now.toEpochMilli(),
          i == 0 ? "other" : "acme",
          "sk-****" + i);
    }

    assertThat(look(evaluator(rules, RuleEvaluator.Evidence.NONE), now, "leaks"))
        .singleElement()
        .satisfies(one -> assertThat(one.samples()).isEmpty());
    assertThat(look(evaluator(rules, RuleEvaluator.Evidence.MASKED), now, "leaks"))
        .singleElement()
        .satisfies(
            one ->
                assertThat(one.samples())
                    .extracting(sample -> sample.evidence())
                    .containsExactly("sk-****1", "sk-****2", "sk-****3"));
  }

  /** Prints what a look costs. */
  @Test
  @Tag("long")
  void aLookAtAHundredThousandRows() throws Exception {
    Instant now = Instant.now();
    long bucket = now.getEpochSecond() / 10 * 10;
    sql(
        "INSERT INTO rollup_recent SELECT ? - 10 * (i % 30), 't' || i % 20, 'r' || i % 7,"
            + " 'openai', 'm' || i % 100, 10, 1, 0, 0, 1, 0, 0, 10, 0, 0, 1, 0,"
            + " 0, 1, 2, 3, 2, 1, 1, 0, 0, 0, 0, 900, 0.01, 12 FROM generate_series(1, 100000) i",
        bucket);
    sql(
        "INSERT INTO rollup_recent_findings SELECT ? - 10 * (i % 30), 't' || i % 20, 'r' || i % 7,"
            + " 'openai', 'm' || i % 100, 'jailbreak', 'high', 9, 'block', 1"
            + " FROM generate_series(1, 20000) i",
        bucket);
    StringBuilder rules = new StringBuilder("rules:\n");
    for (int i = 0; i < 20; i++) {
      rules
          .append("  - {name: r")
          .append(i)
          .append(", severity: low, by: [tenant, model], when: cost_usd > ")
          .append(i + 1)
          .append(".0 && requests > 10}\n  - {name: f")
          .append(i)
          .append(", severity: low, by: [tenant], count: 5, match: confidence >= 0.")
          .append(i % 9)
          .append("}\n");
    }
    RuleEvaluator evaluator = evaluator(rules.toString(), RuleEvaluator.Evidence.NONE);
    for (int i = 0; i < 8; i++) {
      long from = System.nanoTime();
      List<Observation> seen = database.jdbi().inTransaction(handle -> evaluator.look(handle, now));
      System.out.printf(
          "100,000 rows of sums, 20,000 of findings, %d rules: %d observations, %d ms%n",
          40 + BuiltIn.values().length,
          seen.size(),
          Duration.ofNanos(System.nanoTime() - from).toMillis());
      assertThat(seen).hasSizeGreaterThan(1_000);
    }
  }
}
