package io.llmtrace.controlplane.alerts.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.detect.Severity;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rows, leases and digests on a clock that the tests move. */
@ExtendWith(TestStorage.Extension.class)
class ClaimsTest {
  private static final URI NOWHERE = URI.create("https://hook.example/x");
  private static final Duration LEASE = Duration.ofSeconds(60);

  private final TestStorage database;
  private Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
  private final DatabaseTime time = handle -> now;
  private final Claims first = new Claims(time, "one", LEASE);
  private final Claims second = new Claims(time, "two", LEASE);

  ClaimsTest(TestStorage database) {
    this.database = database;
  }

  @BeforeEach
  void empty() {
    database
        .jdbi()
        .useHandle(
            handle -> handle.execute("TRUNCATE alert_outbox, alert_attempts, alert_channels"));
  }

  private Lane lane(String name, int perMinute) {
    configured(name);
    return Samples.lane(name, perMinute, NOWHERE);
  }

  private void configured(String... names) {
    database
        .jdbi()
        .useTransaction(
            handle -> new Upkeep(time, Duration.ofMinutes(10)).run(handle, List.of(names)));
  }

  private void add(String channel, Notice... notices) {
    database
        .jdbi()
        .useTransaction(
            handle -> {
              for (Notice notice : notices) {
                Outbox.add(handle, channel, notice);
              }
            });
  }

  private List<Claimed> take(Claims claims, Lane lane, int slots) {
    return database.jdbi().inTransaction(handle -> claims.take(handle, lane, slots));
  }

  private static List<String> ids(List<Claimed> rows) {
    return rows.stream().map(ClaimsTest::notice).map(Notice::id).toList();
  }

  private static Notice notice(Claimed row) {
    try {
      return NoticeJson.read(row.notice());
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private Outcome end(String replica, Lane lane, Claimed row, Outcome outcome) {
    Results results = new Results(time, replica, new Random(1));
    return database
        .jdbi()
        .inTransaction(
            handle ->
                results.end(handle, lane.name(), row, outcome, Duration.ofMillis(7)).outcome());
  }

  private static Outcome delivered() {
    return new Outcome.Delivered(200, null);
  }

  private String state(String notice) {
    return String.join(
        "", database.column("SELECT state FROM alert_outbox WHERE notice_id = '" + notice + "'"));
  }

  @Test
  void aNoticeIsKeptAsItIsAndOnceAChannel() {
    Notice notice = Samples.notice("i1", 1, Kind.FIRING, "budget\u0000", Severity.CRITICAL, null);
    add("a", notice, notice);
    add("b", notice);
    assertThat(database.number("SELECT count(*) FROM alert_outbox")).isEqualTo(2);
    assertThat(take(first, lane("b", 20), 1)).hasSize(1);
    Notice plain = Samples.notice("i2", 1);
    add("c", plain);
    assertThat(notice(take(first, lane("c", 20), 1).get(0))).isEqualTo(plain);
  }

  @Test
  void anIncidentIsToldInItsOrderAndOthersDoNotWaitForIt() {
    Lane lane = lane("a", 20);
    add(
        "a",
        Samples.notice("i1", 1),
        Samples.notice("i1", 2),
        Samples.notice("i2", 1, Kind.FIRING, "r", Severity.CRITICAL, "acme"),
        Samples.notice("i1", 3));
    List<Claimed> rows = take(first, lane, 4);
    assertThat(ids(rows)).as("the worst first").containsExactly("i2-1", "i1-1");
    assertThat(take(second, lane, 4)).isEmpty();
    end("one", lane, rows.get(1), new Outcome.Again(500, "answered 500", null));
    now = now.plusMillis(1);
    assertThat(take(second, lane, 4)).as("the first waits, so does the second").isEmpty();
    now = now.plusSeconds(3);
    rows = take(second, lane, 4);
    assertThat(ids(rows)).containsExactly("i1-1");
    assertThat(rows.get(0).attempt()).isEqualTo(2);
    end("two", lane, rows.get(0), new Outcome.Parked(404, "answered 404"));
    rows = take(first, lane, 4);
    assertThat(ids(rows)).as("what is parked holds up nothing").containsExactly("i1-2");
    end("one", lane, rows.get(0), new Outcome.Delivered(200, "thread-7"));
    rows = take(first, lane, 4);
    assertThat(ids(rows)).containsExactly("i1-3");
    assertThat(rows.get(0).reference()).isEqualTo("thread-7");
    assertThat(
            database.column(
                "SELECT attempt || ' ' || coalesce(result, '-') || ' ' || coalesce(status, 0)"
                    + " || ' ' || coalesce(error, '') || ' ' || coalesce(took_ms, -1) || ' ' || a.tenant"
                    + " FROM alert_attempts a JOIN alert_outbox o ON o.id = a.outbox_id"
                    + " WHERE incident = 'i1' ORDER BY a.id"))
        .containsExactly(
            "1 retry 500 answered 500 7 acme",
            "2 parked 404 answered 404 7 acme",
            "1 delivered 200  7 acme",
            "1 - 0  -1 acme");
  }

  @Test
  void aRowComesBackAfterItsLeaseAndTheLateWordOfADeliveryCounts() {
    Lane lane = lane("a", 20);
    add("a", Samples.notice("i1", 1), Samples.notice("i1", 2));
    Claimed lost = take(first, lane, 1).get(0);
    now = now.plus(LEASE).minusMillis(1);
    assertThat(take(second, lane, 1)).isEmpty();
    now = now.plusMillis(2);
    Claimed again = take(second, lane, 1).get(0);
    assertThat(again.id()).isEqualTo(lost.id());
    end("one", lane, lost, new Outcome.Parked(404, "answered 404"));
    assertThat(state("i1-1")).as("not its to say any more").isEqualTo("waiting");
    end("one", lane, lost, delivered());
    assertThat(state("i1-1")).isEqualTo("delivered");
    end("two", lane, again, new Outcome.Again(null, "no connection", null));
    assertThat(state("i1-1")).isEqualTo("delivered");
    assertThat(ids(take(second, lane, 1))).containsExactly("i1-2");
  }

  private Instant next() {
    return database
        .jdbi()
        .withHandle(
            handle ->
                handle
                    .createQuery("SELECT next_at FROM alert_outbox")
                    .mapTo(java.time.OffsetDateTime.class)
                    .one()
                    .toInstant());
  }

  @Test
  void aDayOfFailuresParksItAndItCanBeTriedAgain() {
    Lane lane = lane("a", 1_000_000);
    add("a", Samples.notice("i1", 1));
    Instant start = now;
    int attempts = 0;
    while (state("i1-1").equals("waiting")) {
      List<Claimed> rows = take(first, lane, 1);
      if (rows.isEmpty()) {
        now = next();
      } else {
        attempts++;
        end("one", lane, rows.get(0), new Outcome.Again(503, "answered 503", null));
      }
    }
    assertThat(Duration.between(start, now))
        .isBetween(Duration.ofHours(24), Duration.ofMinutes(1456));
    assertThat(attempts).isBetween(120, 400);
    assertThat(database.column("SELECT last_error FROM alert_outbox"))
        .containsExactly("given up after 24 hours: answered 503");
    ChannelHealth health = database.jdbi().withHandle(Outbox::health).get(0);
    assertThat(health.parked()).isEqualTo(1);
    assertThat(health.failingSince()).isEqualTo(start);

    long id = database.number("SELECT id FROM alert_outbox");
    assertThat(database.jdbi().<Boolean, RuntimeException>inTransaction(h -> Outbox.retry(h, id)))
        .isTrue();
    assertThat(database.jdbi().<Boolean, RuntimeException>inTransaction(h -> Outbox.retry(h, id)))
        .isFalse();
    end("one", lane, take(first, lane, 1).get(0), new Outcome.Again(503, "answered 503", null));
    assertThat(state("i1-1")).as("another day").isEqualTo("waiting");
    now = now.plus(Duration.ofMinutes(16));
    end("one", lane, take(first, lane, 1).get(0), delivered());
    health = database.jdbi().withHandle(Outbox::health).get(0);
    assertThat(health.parked()).isZero();
    assertThat(health.failingSince()).isNull();
    assertThat(health.lastError()).isNull();
  }

  @Test
  void aPauseThatTheServiceAsksForHoldsForAllItsMessages() {
    Lane lane = lane("a", 20);
    Lane other = lane("b", 20);
    add("a", Samples.notice("i1", 1), Samples.notice("i2", 1));
    add("b", Samples.notice("i1", 1));
    Claimed row = take(first, lane, 1).get(0);
    end("one", lane, row, new Outcome.Again(429, "answered 429", Duration.ofMinutes(5)));
    now = now.plus(Duration.ofSeconds(299));
    assertThat(take(second, lane, 4)).isEmpty();
    assertThat(take(second, other, 4)).hasSize(1);
    now = now.plusSeconds(2);
    assertThat(ids(take(second, lane, 4))).containsExactly("i1-1", "i2-1");
    // A pause of a year is asked for again after an hour.
    add("b", Samples.notice("i3", 1));
    Claimed year = take(first, other, 1).get(0);
    end("one", other, year, new Outcome.Again(503, "answered 503", Duration.ofDays(365)));
    now = now.plus(Duration.ofMinutes(62));
    assertThat(ids(take(first, other, 4))).contains("i3-1");
  }

  @Test
  void aClockThatIsSetBackHoldsUpNothing() {
    Lane lane = lane("a", 2);
    add("a", Samples.notice("i1", 1), Samples.notice("i2", 1));
    List<Claimed> rows = take(first, lane, 2);
    assertThat(rows).hasSize(2);
    end("one", lane, rows.get(0), new Outcome.Again(503, "answered 503", Duration.ofMinutes(30)));
    now = now.minus(Duration.ofDays(1));
    assertThat(take(second, lane, 2)).as("pause, next time, lease and rate").hasSize(2);
  }

  @Test
  void twoReplicasNeverHaveTheSameRow() throws Exception {
    Lane lane = lane("a", 1_000_000);
    for (int i = 0; i < 100; i++) {
      add("a", Samples.notice("i" + i, 1), Samples.notice("i" + i, 2));
    }
    ExecutorService threads = Executors.newFixedThreadPool(4);
    Set<Long> seen = new HashSet<>();
    List<Future<List<Claimed>>> taken = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Claims claims = new Claims(time, "replica " + t, LEASE);
      String replica = "replica " + t;
      Callable<List<Claimed>> work =
          () -> {
            List<Claimed> mine = new ArrayList<>();
            while (database.number("SELECT count(*) FROM alert_outbox WHERE state = 'waiting'")
                > 0) {
              for (Claimed row : take(claims, lane, 4)) {
                mine.add(row);
                end(replica, lane, row, delivered());
              }
            }
            return mine;
          };
      taken.add(threads.submit(work));
    }
    int all = 0;
    for (Future<List<Claimed>> future : taken) {
      for (Claimed row : future.get()) {
        all++;
        seen.add(row.id());
      }
    }
    threads.shutdownNow();
    assertThat(all).isEqualTo(200);
    assertThat(seen).hasSize(200);
    assertThat(
            database.number(
                "SELECT count(*) FROM alert_outbox a JOIN alert_outbox b USING (channel, incident)"
                    + " WHERE a.number < b.number AND a.ended_at > b.ended_at"))
        .isZero();
  }

  @Test
  void theExcessIsToldTogetherAndWhatFollowsWaitsForIt() {
    Lane lane = lane("a", 3);
    add(
        "a",
        Samples.notice("low", 1, Kind.FIRING, "high_latency", Severity.LOW, "acme"),
        Samples.notice("low", 2, Kind.RESOLVED, "high_latency", Severity.LOW, "acme"),
        Samples.notice("mid", 1, Kind.FIRING, "finding_spike", Severity.MEDIUM, "acme"),
        Samples.notice("mid", 2, Kind.REMINDER, "finding_spike", Severity.MEDIUM, "acme"),
        Samples.notice("bad", 1, Kind.FIRING, "breaker_open", Severity.CRITICAL, "acme"),
        Samples.notice("bad", 2, Kind.ACKNOWLEDGED, "breaker_open", Severity.CRITICAL, "acme"),
        Samples.notice("test", 1, Kind.TEST, "test", Severity.INFO, "acme"),
        Samples.notice("high", 1, Kind.FIRING, "high_error_rate", Severity.HIGH, "acme"));
    List<Claimed> rows = take(first, lane, 4);
    assertThat(ids(rows).subList(0, 2)).containsExactly("bad-1", "high-1");
    assertThat(rows).hasSize(3);
    Notice digest = notice(rows.get(2));
    assertThat(digest.kind()).isEqualTo(Kind.DIGEST);
    assertThat(digest.severity()).isEqualTo(Severity.MEDIUM);
    assertThat(digest.tenant()).isEqualTo("acme");
    assertThat(digest.title()).isEqualTo("4 notices of 2 incidents, 1 over");
    assertThat(digest.summary()).contains("1 incident goes on, 1 is over.");
    assertThat(digest.facts())
        .containsExactly(
            new Notice.Fact("medium finding_spike", "2 notices of 1 incident"),
            new Notice.Fact("low high_latency", "2 notices of 1 incident, 1 over"),
            new Notice.Fact("reminder, medium", "Incident mid"),
            new Notice.Fact("resolved, low", "Incident low"));
    assertThat(state("bad-2")).as("its first is not told yet").isEqualTo("waiting");
    assertThat(state("test-1")).isEqualTo("waiting");

    add("a", Samples.notice("mid", 3, Kind.RESOLVED, "finding_spike", Severity.MEDIUM, "acme"));
    end("one", lane, rows.get(0), delivered());
    end("one", lane, rows.get(1), delivered());
    end("one", lane, rows.get(2), new Outcome.Again(500, "answered 500", null));
    assertThat(take(second, lane, 4)).as("three in this minute").isEmpty();
    now = now.plusSeconds(61);
    rows = take(second, lane, 4);
    assertThat(ids(rows))
        .as("the digest again, under its own id, before what follows")
        .containsExactly("bad-2", digest.id(), "test-1");
    rows.forEach(row -> end("two", lane, row, delivered()));
    now = now.plusSeconds(61);
    assertThat(ids(take(first, lane, 4))).containsExactly("mid-3");
    assertThat(database.number("SELECT count(*) FROM alert_outbox WHERE state = 'folded'"))
        .isEqualTo(4);
  }

  @Test
  void whatWasTriedIsNeverFoldedNorWhatFollowsIt() {
    Lane lane = lane("a", 2);
    add("a", Samples.notice("i1", 1));
    end("one", lane, take(first, lane, 1).get(0), new Outcome.Again(null, "broke", null));
    now = now.plusSeconds(61);
    database
        .jdbi()
        .useHandle(
            h -> h.execute("UPDATE alert_outbox SET next_at = '" + now.plusSeconds(60) + "'"));
    add("a", Samples.notice("i1", 2), Samples.notice("i2", 1), Samples.notice("i3", 1));
    add("a", Samples.notice("i4", 1), Samples.notice("i5", 1));
    List<Claimed> rows = take(first, lane, 4);
    assertThat(ids(rows).get(0)).isEqualTo("i2-1");
    assertThat(notice(rows.get(1)).title()).isEqualTo("3 notices of 3 incidents");
    assertThat(state("i1-1")).isEqualTo("waiting");
    assertThat(state("i1-2")).isEqualTo("waiting");
  }

  @Test
  void whereIncidentsAreKeptElsewhereNothingIsFolded() {
    configured("pd");
    Lane lane = Samples.paced("pd", 3, NOWHERE);
    for (int i = 0; i < 7; i++) {
      add("pd", Samples.notice("i" + i, 1));
    }
    List<String> told = new ArrayList<>();
    for (int minute = 0; minute < 3; minute++) {
      List<Claimed> rows = take(first, lane, 4);
      told.addAll(ids(rows));
      rows.forEach(row -> end("one", lane, row, delivered()));
      assertThat(take(second, lane, 4)).isEmpty();
      now = now.plusSeconds(61);
    }
    assertThat(told).containsExactly("i0-1", "i1-1", "i2-1", "i3-1", "i4-1", "i5-1", "i6-1");
  }

  @Test
  void rowsOfAChannelThatNoReplicaHasAreParked() {
    configured("a", "b");
    add("a", Samples.notice("i1", 1));
    add("b", Samples.notice("i2", 1));
    add("never", Samples.notice("i3", 1));
    Upkeep old = new Upkeep(time, Duration.ofMinutes(10));
    Upkeep knowing =
        new Upkeep(
            time, Duration.ofMinutes(10), System.nanoTime() - Duration.ofMinutes(11).toNanos());
    now = now.plus(Duration.ofMinutes(11));
    database.jdbi().useTransaction(handle -> old.run(handle, List.of("b")));
    assertThat(state("i1-1")).as("it has not been there long enough").isEqualTo("waiting");
    database.jdbi().useTransaction(handle -> knowing.run(handle, List.of("b")));
    assertThat(state("i2-1")).as("one that has it").isEqualTo("waiting");
    assertThat(state("i1-1")).isEqualTo("parked");
    assertThat(state("i3-1")).isEqualTo("parked");
    assertThat(
            database.column("SELECT DISTINCT last_error FROM alert_outbox WHERE state = 'parked'"))
        .containsExactly(Upkeep.NO_SUCH_CHANNEL);
    assertThat(
            database.jdbi().<Integer, RuntimeException>inTransaction(h -> Outbox.retryAll(h, "a")))
        .isEqualTo(1);
    assertThat(state("i1-1")).isEqualTo("waiting");
  }

  @Test
  void whatEndedThirtyDaysAgoIsForgotten() {
    Lane lane = lane("a", 20);
    add("a", Samples.notice("old", 1), Samples.notice("waits", 1));
    for (Claimed row : take(first, lane, 2)) {
      end(
          "one",
          lane,
          row,
          notice(row).incident().equals("old")
              ? delivered()
              : new Outcome.Again(500, "answered 500", null));
    }
    now = now.plus(Duration.ofDays(29));
    Outbox.forget(database::jdbi, time);
    assertThat(database.number("SELECT count(*) FROM alert_outbox")).isEqualTo(2);
    now = now.plus(Duration.ofDays(2));
    Outbox.forget(database::jdbi, time);
    assertThat(database.column("SELECT notice_id FROM alert_outbox")).containsExactly("waits-1");
    assertThat(database.number("SELECT count(*) FROM alert_attempts")).isEqualTo(1);
  }

  @Test
  void aHundredThousandNoticesAreFewMessagesWithTheRightTotals() {
    Lane lane = lane("a", 20);
    database
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "INSERT INTO alert_outbox (notice_id, incident, number, channel, tenant, kind,"
                        + " rule, severity, notice) SELECT 'n' || g, 'i' || g / 2, 1 + g % 2, 'a',"
                        + " 't' || g % 6 / 2, CASE WHEN g % 4 = 1 THEN 'resolved' ELSE 'firing' END,"
                        + " 'rule_' || g / 2 % 3, g / 2 % 5, jsonb_build_object('title', 'T' || g)"
                        + " FROM generate_series(0, 99999) g"));
    long start = System.nanoTime();
    List<Claimed> all = new ArrayList<>();
    for (int turn = 0; turn < 50; turn++) {
      List<Claimed> rows = take(turn % 2 == 0 ? first : second, lane, 4);
      all.addAll(rows);
      rows.forEach(row -> end("one", lane, row, delivered()));
      now = now.plusMillis(500);
    }
    long millis = (System.nanoTime() - start) / 1_000_000;
    assertThat(all).as("in a minute").hasSize(20);
    Notice digest = notice(all.get(19));
    assertThat(digest.kind()).isEqualTo(Kind.DIGEST);
    // Nineteen went by themselves, of incidents whose second waited with them or was folded after.
    long folded = database.number("SELECT count(*) FROM alert_outbox WHERE state = 'folded'");
    long waiting = database.number("SELECT count(*) FROM alert_outbox WHERE state = 'waiting'");
    assertThat(folded + waiting + 19).isEqualTo(100_000);
    assertThat(waiting).as("seconds of what was on its way").isLessThan(20);
    assertThat(digest.title()).startsWith(folded + " notices of ");
    long rules =
        digest.facts().stream()
            .filter(fact -> fact.value().contains(" notices of "))
            .mapToLong(fact -> Long.parseLong(fact.value().substring(0, fact.value().indexOf(' '))))
            .sum();
    assertThat(rules).isEqualTo(folded);
    assertThat(digest.tenant()).isNull();
    System.out.printf("100,000 notices: 20 messages, %d folded, %d ms%n", folded, millis);
    assertThat(millis).isLessThan(25_000);
  }
}
