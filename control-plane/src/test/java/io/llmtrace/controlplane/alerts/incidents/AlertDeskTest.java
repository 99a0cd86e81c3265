package io.llmtrace.controlplane.alerts.incidents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.alerts.delivery.Outbox;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.rules.AlertRule;
import io.llmtrace.controlplane.alerts.rules.Observation;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.runtime.config.AlertsConfig;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.Secret;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestStorage.Extension.class)
class AlertDeskTest {
  private static final Instant START = Instant.parse("2027-01-31T00:00:00Z");
  private static final AlertRule ERRORS = rule("high_error_rate", Duration.ofSeconds(20), Set.of());
  private static final AlertRule BREAKER =
      rule("breaker_open", Duration.ZERO, Set.of("high_error_rate"));

  private final TestStorage database;
  private final Ulid ids = new Ulid();
  private Instant now = START;
  private final List<Observation> seen = new ArrayList<>();
  private int failsAt = -1;
  private List<AlertRule> rules = List.of(ERRORS, BREAKER);

  AlertDeskTest(TestStorage database) {
    this.database = database;
  }

  @BeforeEach
  void nothingIsKnown() {
    for (String sql :
        List.of(
            "DELETE FROM alert_outbox",
            "DELETE FROM alert_incidents",
            "DELETE FROM alert_silences",
            "UPDATE alert_desk SET looked_at = NULL")) {
      database.jdbi().useHandle(handle -> handle.execute(sql));
    }
  }

  private static AlertRule rule(String name, Duration lasting, Set<String> inhibits) {
    return new AlertRule(
        name,
        Severity.CRITICAL,
        List.of(),
        Duration.ofMinutes(5),
        lasting,
        Duration.ofSeconds(30),
        "",
        "docs/runbooks/" + name + ".md",
        inhibits);
  }

  private AlertDesk desk() {
    AlertsConfig config =
        AlertsConfig.to(
            List.of(
                new ChannelConfig.PagerDuty(
                    ChannelConfig.Common.of("pagerduty"),
                    Secret.of("k"),
                    URI.create("https://events.pagerduty.test")),
                new ChannelConfig.SlackWebhook(
                    ChannelConfig.Common.of("slack"), Secret.of("https://slack.test/x"))));
    int[] told = {0};
    return new AlertDesk(
        database::jdbi,
        new AlertDesk.Parts(
            rules,
            (handle, at, unseen) -> List.copyOf(seen),
            new IncidentMachine(config.pacing(), config.escalation(), ids::next),
            new Routes(config),
            new Notices(URI.create("https://llmtrace.test/")),
            (handle, channel, notice) -> {
              if (told[0]++ == failsAt) {
                throw new IllegalStateException("the disk is full");
              }
              Outbox.add(handle, channel, notice);
            }),
        handle -> now);
  }

  private static Observation active(String rule, Map<String, String> labels) {
    return new Observation(
        rule,
        labels,
        Severity.CRITICAL,
        true,
        false,
        9,
        5,
        "%",
        Map.of("requests", 100L),
        List.of());
  }

  /** Each look by another replica. */
  private void look(int times) {
    for (int i = 0; i < times; i++) {
      desk().run();
      now = now.plusSeconds(10);
    }
  }

  private List<String> told() {
    return database.column(
        "SELECT concat_ws(' ', channel, kind, rule, number) FROM alert_outbox ORDER BY id");
  }

  private List<String> states() {
    return database.column(
        "SELECT concat_ws(' ', rule, state, muted_by) FROM alert_incidents ORDER BY id");
  }

  @Test
  void whoeverLooksItIsOneIncident() {
    seen.add(active("high_error_rate", Map.of("tenant", "acme")));
    look(2);
    assertThat(states()).containsExactly("high_error_rate pending");
    assertThat(told()).isEmpty();
    look(3);
    assertThat(told())
        .containsExactly("pagerduty firing high_error_rate 1", "slack firing high_error_rate 1");
    seen.clear();
    look(5);
    assertThat(told())
        .containsExactly(
            "pagerduty firing high_error_rate 1",
            "slack firing high_error_rate 1",
            "pagerduty resolved high_error_rate 2",
            "slack resolved high_error_rate 2");
    assertThat(states()).containsExactly("high_error_rate resolved");
    assertThat(database.column("SELECT kind FROM alert_events ORDER BY id"))
        .containsExactly("firing", "resolved");
    assertThat(database.column("SELECT DISTINCT tenant FROM alert_events")).containsExactly("acme");
    assertThat(
            database.column(
                "SELECT DISTINCT notice->'links'->>'incident' LIKE"
                    + " 'https://llmtrace.test/alerts/' || incident || '?key=%' FROM alert_outbox"))
        .containsExactly("t");
  }

  @Test
  void aLookThatFailsInTheMiddleLeavesNothing() {
    seen.add(active("breaker_open", Map.of("node", "a")));
    failsAt = 1;
    assertThatThrownBy(() -> desk().run()).hasMessageContaining("disk is full");
    assertThat(told()).isEmpty();
    assertThat(states()).isEmpty();
    failsAt = -1;
    look(1);
    assertThat(told())
        .containsExactly("pagerduty firing breaker_open 1", "slack firing breaker_open 1");
  }

  @Test
  void linksOpenAlsoAfterALookThatFailed() {
    database.jdbi().useHandle(handle -> handle.execute("UPDATE alert_desk SET link_key = NULL"));
    seen.add(active("breaker_open", Map.of("node", "a")));
    failsAt = 0;
    AlertDesk desk = desk();
    assertThatThrownBy(desk::run).hasMessageContaining("disk is full");
    String token = desk.links().token("x", now);
    assertThat(desk().links().opens(token, "x", now)).as("by another replica").isTrue();
  }

  @Test
  void anIncidentKeepsThoseQuietThatFollowFromIt() {
    seen.add(active("breaker_open", Map.of("node", "a")));
    seen.add(active("high_error_rate", Map.of("route", "chat")));
    look(5);
    assertThat(told())
        .containsExactly("pagerduty firing breaker_open 1", "slack firing breaker_open 1");
    assertThat(states()).hasSize(2).anyMatch(each -> each.contains("firing incident:"));
    seen.remove(0);
    look(5);
    assertThat(told()).hasSize(6).contains("slack firing high_error_rate 1");
    assertThat(database.column("SELECT kind FROM alert_events ORDER BY id"))
        .contains("heard again")
        .anyMatch(each -> each.startsWith("muted by incident:"));
  }

  @Test
  void otherLabelsOfAnotherIncidentKeepNothingQuiet() {
    seen.add(active("breaker_open", Map.of("node", "a")));
    seen.add(active("high_error_rate", Map.of("node", "b")));
    look(5);
    assertThat(told()).hasSize(4);
  }

  @Test
  void whatIsSilentIsToldWhenTheSilenceEndsAndItGoesOn() {
    Silence silence =
        new Silence(
            ids.next(),
            "acme",
            Map.of("rule", Set.of("breaker_open")),
            START,
            START.plusSeconds(60),
            Silence.Every.ONCE,
            START.plusSeconds(60),
            "moving house",
            "key:ann",
            START,
            null,
            null);
    database.jdbi().useHandle(silence::insert);
    seen.add(active("breaker_open", Map.of("tenant", "acme")));
    seen.add(active("breaker_open", Map.of("tenant", "zebra")));
    look(6);
    assertThat(told()).as("the other tenant's").hasSize(2);
    look(1);
    assertThat(told()).hasSize(4);
  }

  @Test
  void aWindowComesAgainAtTheSameHour() {
    Silence nightly =
        new Silence(
            "x",
            null,
            Map.of(),
            START,
            START.plusSeconds(3_600),
            Silence.Every.DAY,
            START.plus(Duration.ofDays(10)),
            "backup",
            "key:ann",
            START,
            null,
            null);
    assertThat(nightly.isActive(START.minusSeconds(1))).isFalse();
    assertThat(nightly.isActive(START.plusSeconds(3_599))).isTrue();
    assertThat(nightly.isActive(START.plusSeconds(3_600))).isFalse();
    assertThat(nightly.isActive(START.plus(Duration.ofDays(9)).plusSeconds(60))).isTrue();
    assertThat(nightly.isActive(START.plus(Duration.ofDays(10)).plusSeconds(60))).isFalse();
  }

  @Test
  void timeInWhichNobodyLookedBeginsNoIncident() {
    seen.add(active("high_error_rate", Map.of()));
    look(1);
    now = now.plus(Duration.ofHours(3));
    look(2);
    assertThat(told()).as("three hours that nobody saw are not twenty seconds").isEmpty();
    look(2);
    assertThat(told()).hasSize(2);
    // The database's clock is set back.
    now = now.minus(Duration.ofHours(5));
    look(3);
    assertThat(told()).hasSize(2);
  }

  @Test
  void incidentsOfARuleThatIsGoneEnd() {
    seen.add(active("breaker_open", Map.of()));
    look(1);
    rules = List.of(ERRORS);
    seen.clear();
    look(1);
    assertThat(told()).hasSize(4);
    assertThat(states()).containsExactly("breaker_open resolved");
  }

  @Test
  void manyAtOnceLookAndNothingIsToldTwice() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      Random random = new Random(3);
      for (int round = 0; round < 30; round++) {
        seen.clear();
        for (int i = 0; i < 5; i++) {
          if (random.nextInt(3) > 0) {
            seen.add(active("breaker_open", Map.of("node", "n" + i)));
          }
        }
        List<Callable<Boolean>> looks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          looks.add(
              () -> {
                desk().run();
                return true;
              });
        }
        for (Future<Boolean> each : pool.invokeAll(looks)) {
          assertThat(each.get()).isTrue();
        }
        now = now.plusSeconds(10);
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(
            database.column(
                "SELECT incident FROM alert_outbox GROUP BY incident, channel"
                    + " HAVING count(*) <> max(number) OR count(DISTINCT number) <> count(*)"))
        .as("numbers without gaps, each once")
        .isEmpty();
    assertThat(
            database.column(
                "SELECT 1 FROM (SELECT kind, lag(kind) OVER (PARTITION BY incident, channel ORDER BY"
                    + " number) AS before FROM alert_outbox) o WHERE kind = before"))
        .as("beginnings and ends in turn")
        .isEmpty();
  }

  @Test
  void whatIsMeasuredIsWrittenNowAndThenAndWhatIsNewAtOnce() {
    List<Long> revisions = new ArrayList<>();
    // One look a second, at seconds 1 to 14 of a quarter of a minute.
    now = START.plusSeconds(1);
    for (int second = 0; second < 14; second++) {
      seen.clear();
      seen.add(measured(second == 10 ? 50 : 20 - second));
      desk().run();
      now = now.plusSeconds(1);
      revisions.add(database.number("SELECT revision FROM alert_incidents"));
    }
    assertThat(revisions.subList(0, 10)).as("less than before is nothing new").containsOnly(1L);
    assertThat(revisions.subList(10, 14)).as("a new height is").containsOnly(2L);
    desk().run();
    assertThat(database.column("SELECT revision || ' ' || (seen->>'value') FROM alert_incidents"))
        .containsExactly("3 7.0");
  }

  private static Observation measured(double value) {
    return new Observation(
        "breaker_open",
        Map.of("tenant", "acme"),
        Severity.CRITICAL,
        true,
        false,
        value,
        5,
        "%",
        Map.of(),
        List.of());
  }

  @Test
  void whoIsForgottenIsInNoIncidentAndNoNotice() {
    seen.add(
        new Observation(
            "breaker_open",
            Map.of("tenant", "acme"),
            Severity.CRITICAL,
            true,
            false,
            9,
            5,
            "%",
            Map.of(),
            List.of(new Notice.Sample("email", "j***@example.com", "01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            "Budget of consumer jane is spent."));
    look(1);
    int changed =
        database
            .jdbi()
            .inTransaction(handle -> IncidentStore.erase(handle, "acme", "jane", "erased"));
    assertThat(changed).isEqualTo(6);
    assertThat(
            database.column(
                "SELECT seen::text FROM alert_incidents UNION ALL SELECT notice::text FROM"
                    + " alert_outbox"))
        .hasSize(3)
        .allSatisfy(text -> assertThat(text).doesNotContain("jane", "j***").contains("erased"));
    assertThat(
            database
                .jdbi()
                .<Integer, RuntimeException>inTransaction(
                    handle -> IncidentStore.erase(handle, "zebra", "Budget", "x")))
        .isZero();
  }

  @Test
  void whatEndedLongAgoIsDeleted() {
    seen.add(active("breaker_open", Map.of()));
    look(1);
    seen.clear();
    look(5);
    now = now.plus(Duration.ofMinutes(20));
    look(2);
    database
        .jdbi()
        .useHandle(
            handle ->
                handle.execute("UPDATE alert_incidents SET ended_at = now() - interval '91 days'"));
    desk().expire();
    assertThat(states()).isEmpty();
  }
}
