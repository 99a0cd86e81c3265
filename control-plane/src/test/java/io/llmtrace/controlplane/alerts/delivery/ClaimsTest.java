package io.llmtrace.controlplane.alerts.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.detect.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rows and leases on a clock that the tests move. */
@ExtendWith(TestStorage.Extension.class)
class ClaimsTest extends ClockedOutbox {
  ClaimsTest(TestStorage database) {
    super(database);
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
}
