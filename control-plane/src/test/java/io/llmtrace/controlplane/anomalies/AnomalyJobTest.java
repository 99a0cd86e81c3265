package io.llmtrace.controlplane.anomalies;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.runtime.config.AnomaliesConfig;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStorage.Extension.class)
class AnomalyJobTest {
  /** Tuesday, five weeks after {@link #START}. */
  private static final Instant NOW = Instant.parse("2026-02-10T10:20:00Z");

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final AnomaliesConfig CONFIG = AnomaliesConfig.defaults();

  private final TestStorage database;

  AnomalyJobTest(TestStorage database) {
    this.database = database;
  }

  @BeforeEach
  void fiveWeeksOfUse() {
    for (String table :
        List.of("rollups", "rollup_journal", "anomaly_changes", "anomalies", "metric_totals")) {
      database.jdbi().useHandle(handle -> handle.execute("DELETE FROM " + table));
    }
    usual("tenant", "", "");
    usual("agent", "bot", "");
    usual("model", "openai", "gpt-4o");
  }

  /** Two dollars and a hundred requests an hour, until the hour before now. */
  private void usual(String dimension, String key, String key2) {
    database
        .jdbi()
        .useHandle(
            handle ->
                handle
                    .createUpdate(
                        SUMS
                            + " SELECT :dimension, 'hour', h, 'acme', :key, :key2, 100, 100, 1, 0, 0,"
                            + " 0, 0, 0, 0, 0, 1, 50000, 30000, 0, 0, 2, 0 FROM"
                            + " generate_series(CAST(:from AS timestamptz),"
                            + " CAST(:until AS timestamptz), interval '1 hour') h")
                    .bind("dimension", dimension)
                    .bind("key", key)
                    .bind("key2", key2)
                    .bind("from", START.toString())
                    .bind("until", "2026-02-10T09:00:00Z")
                    .execute());
  }

  private static final String SUMS =
      "INSERT INTO rollups (dimension, grain, bucket, tenant, key, key2, exchanges, requests, errors,"
          + " unobserved, flagged, redacted, limited, blocked, partial, uninspected, findings,"
          + " prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens, cost_usd,"
          + " cost_unknown)";

  /** Adds dollars to an hour, as ingest does: to the journal. */
  private void spend(String dimension, String key, String key2, String hour, int dollars) {
    database
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    SUMS.replace("rollups", "rollup_journal").replace(" grain,", "")
                        + " VALUES (?, CAST(? AS timestamptz), 'acme', ?, ?, 5, 5, 0, 0, 0, 0, 0, 0,"
                        + " 0, 0, 0, 500, 300, 0, 0, ?, 0)",
                    dimension,
                    hour,
                    key,
                    key2,
                    dollars));
  }

  private AnomalyJob job(Instant now) {
    return job(now, "one", CONFIG);
  }

  private AnomalyJob job(Instant now, String slot, AnomaliesConfig config) {
    return new AnomalyJob(
        database::jdbi, new Totals(slot), Clock.fixed(now, ZoneOffset.UTC), config);
  }

  private List<String> rows(String columns) {
    return database.column(
        "SELECT concat_ws(' ', "
            + columns
            + ") FROM anomalies ORDER BY dimension DESC, started_at");
  }

  @Test
  void usualHoursAreNothing() throws Exception {
    job(NOW).run();
    assertThat(rows("id")).isEmpty();
  }

  @Test
  void anEpisodeIsOneRowFromItsFirstHourToItsEnd() throws Exception {
    spend("tenant", "", "", "2026-02-10T10:00:00Z", 30);
    job(NOW).run();
    assertThat(rows("type, severity, measure, hours, observed, ended_at IS NULL"))
        .containsExactly("cost_spike high cost_usd 1 30 t");
    assertThat(rows("expected_mid, baseline->>'season', baseline->>'days'"))
        .containsExactly("2 week 35");
    String id = rows("id").get(0);

    spend("tenant", "", "", "2026-02-10T11:00:00Z", 40);
    job(Instant.parse("2026-02-10T11:30:00Z")).run();
    assertThat(rows("id, hours, observed, ended_at IS NULL")).containsExactly(id + " 2 40 t");

    job(Instant.parse("2026-02-10T13:59:00Z")).run();
    assertThat(rows("id, ended_at IS NULL")).containsExactly(id + " t");
    job(Instant.parse("2026-02-10T14:01:00Z")).run();
    assertThat(rows("id, hours, observed, ended_at = '2026-02-10T12:00:00Z'"))
        .containsExactly(id + " 2 40 t");
  }

  @Test
  void itIsCountedOnceHoweverOftenAndWhereverTheJobRuns() throws Exception {
    spend("tenant", "", "", "2026-02-10T10:00:00Z", 30);
    job(NOW).run();
    job(NOW).run();
    job(NOW, "another", CONFIG).run();
    assertThat(rows("id")).hasSize(1);
    assertThat(
            database.column(
                "SELECT sum(value) FROM metric_totals WHERE labels::text LIKE '%cost_spike%'"))
        .containsExactly("1");
    assertThat(
            database.column(
                "SELECT concat_ws(' ', tenant, key, key2, findings, bucket ="
                    + " '2026-02-10T10:00:00Z') FROM rollup_journal WHERE dimension = 'finding'"))
        .containsExactly("acme cost_spike high 1 t");
  }

  @Test
  void replicasAtTheSameTimeWriteOne() throws Exception {
    spend("tenant", "", "", "2026-02-10T10:00:00Z", 30);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Callable<Boolean>> replicas =
          java.util.stream.IntStream.range(0, 4)
              .<Callable<Boolean>>mapToObj(
                  i ->
                      () -> {
                        job(NOW, "slot" + i, CONFIG).run();
                        return true;
                      })
              .toList();
      for (Future<Boolean> each : threads.invokeAll(replicas)) {
        assertThat(each.get()).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(rows("id")).hasSize(1);
  }

  @Test
  void lateHoursBelongToTheSameEpisode() throws Exception {
    spend("tenant", "", "", "2026-02-10T09:00:00Z", 30);
    job(NOW).run();
    String id = rows("id").get(0);
    spend("tenant", "", "", "2026-02-10T07:00:00Z", 60);
    job(NOW).run();
    assertThat(rows("id, hours, observed, started_at = '2026-02-10T07:00:00Z'"))
        .containsExactly(id + " 2 62 t");
  }

  @Test
  void whatIsNotSeenAnyMoreIsOver() throws Exception {
    spend("tenant", "", "", "2026-02-10T10:00:00Z", 30);
    job(NOW).run();
    job(Instant.parse("2026-02-14T10:00:00Z")).run();
    assertThat(rows("ended_at = '2026-02-10T11:00:00Z'")).containsExactly("t");
  }

  @Test
  void aFalseAlarmIsNotToldAgainUnlessItIsMore() throws Exception {
    spend("tenant", "", "", "2026-02-10T10:00:00Z", 30);
    job(NOW).run();
    database.jdbi().useHandle(h -> h.execute("UPDATE anomalies SET state = 'false_positive'"));
    spend("tenant", "", "", "2026-02-10T18:00:00Z", 33);
    Instant evening = Instant.parse("2026-02-10T18:30:00Z");
    job(evening).run();
    assertThat(rows("state")).containsExactly("false_positive");
    spend("tenant", "", "", "2026-02-10T18:00:00Z", 20);
    job(evening).run();
    assertThat(rows("state, observed")).containsExactly("false_positive 30", "open 53");
  }

  @Test
  void anAgentIsPartOfItsTenant() throws Exception {
    spend("tenant", "", "", "2026-02-10T10:00:00Z", 30);
    spend("agent", "bot", "", "2026-02-10T10:00:00Z", 30);
    job(NOW).run();
    assertThat(rows("dimension, key, part_of IS NULL")).containsExactly("tenant  t", "agent bot f");
    assertThat(database.column("SELECT part_of FROM anomalies WHERE dimension = 'agent'"))
        .isEqualTo(database.column("SELECT id FROM anomalies WHERE dimension = 'tenant'"));
  }

  @Test
  void aNewModelIsToldOnce() throws Exception {
    spend("model", "openai", "o9-preview", "2026-02-10T10:00:00Z", 1);
    job(NOW).run();
    job(Instant.parse("2026-02-11T10:00:00Z")).run();
    assertThat(rows("type, severity, dimension, key, key2, measure, ended_at IS NULL"))
        .containsExactly("unusual_model low model openai o9-preview first_use f");
  }

  @Test
  void manyNewModelsOfANewTenantCrowdOutNoOther() throws Exception {
    for (int i = 0; i < 120; i++) {
      String model = "m" + i;
      database
          .jdbi()
          .useHandle(
              handle ->
                  handle.execute(
                      SUMS.replace("rollups", "rollup_journal").replace(" grain,", "")
                          + " VALUES ('model', '2026-02-10T10:00:00Z', 'newcomer', 'openai', ?, 50,"
                          + " 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 500, 300, 0, 0, 0, 0)",
                      model));
    }
    spend("model", "openai", "o9-preview", "2026-02-10T10:00:00Z", 1);
    job(NOW).run();
    assertThat(rows("tenant, key2")).containsExactly("acme o9-preview");
  }

  @Test
  void whatIsErasedHasNoNameInAnomalies() throws Exception {
    spend("agent", "bot", "", "2026-02-10T10:00:00Z", 30);
    job(NOW).run();
    int renamed = database.jdbi().withHandle(h -> AnomalyStore.rename(h, "acme", "bot", "erased"));
    assertThat(renamed).isEqualTo(1);
    assertThat(rows("dimension, key")).containsExactly("agent erased");
  }

  @Test
  void onlySoManySeriesAreWatchedThoseWithMostRequests() throws Exception {
    usual("agent", "busy", "");
    spend("agent", "busy", "", "2026-02-10T10:00:00Z", 30);
    spend("agent", "bot", "", "2026-02-10T10:00:00Z", 30);
    spend("agent", "busy", "", "2026-02-10T10:00:00Z", 0);
    new AnomalyJob(database::jdbi, new Totals("one"), Clock.fixed(NOW, ZoneOffset.UTC), CONFIG, 1)
        .run();
    assertThat(rows("key")).containsExactly("busy");
  }

  @Test
  void nothingIsWatchedWhereItIsTurnedOff() throws Exception {
    spend("tenant", "", "", "2026-02-10T10:00:00Z", 30);
    job(NOW, "one", new AnomaliesConfig(false, CONFIG.sensitivity(), 5, 1, 50_000, 50)).run();
    assertThat(rows("id")).isEmpty();
  }
}
