package io.llmtrace.controlplane.alerts.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.policies.detect.Severity;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is more than the messages of a minute. */
@ExtendWith(TestStorage.Extension.class)
class DigestsTest extends ClockedOutbox {
  DigestsTest(TestStorage database) {
    super(database);
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
  void tenThousandNoticesAreFewMessagesWithTheRightTotals() {
    long unused = fewMessages(10_000);
  }

  @Test
  @Tag("long")
  void aHundredThousandNoticesAreFewMessagesWithTheRightTotals() {
    assertThat(fewMessages(100_000)).isLessThan(25_000);
  }

  /** Milliseconds that so many notices take. */
  private long fewMessages(int notices) {
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
                        + " FROM generate_series(0, "
                        + (notices - 1)
                        + ") g"));
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
    assertThat(folded + waiting + 19).isEqualTo(notices);
    assertThat(waiting).as("seconds of what was on its way").isLessThan(20);
    assertThat(digest.title()).startsWith(folded + " notices of ");
    long rules =
        digest.facts().stream()
            .filter(fact -> fact.value().contains(" notices of "))
            .mapToLong(fact -> Long.parseLong(fact.value().substring(0, fact.value().indexOf(' '))))
            .sum();
    assertThat(rules).isEqualTo(folded);
    assertThat(digest.tenant()).isNull();
    System.out.printf("%d notices: 20 messages, %d folded, %d ms%n", notices, folded, millis);
    return millis;
  }
}
