package io.llmtrace.controlplane.alerts.delivery;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.storage.TestStorage;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;

/** Rows on a clock that the tests move. */
abstract class ClockedOutbox {
  static final URI NOWHERE = URI.create("https://hook.example/x");
  static final Duration LEASE = Duration.ofSeconds(60);

  final TestStorage database;
  Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
  final DatabaseTime time = handle -> now;
  final Claims first = new Claims(time, "one", LEASE);
  final Claims second = new Claims(time, "two", LEASE);

  ClockedOutbox(TestStorage database) {
    this.database = database;
  }

  @BeforeEach
  void empty() {
    database
        .jdbi()
        .useHandle(
            handle -> handle.execute("TRUNCATE alert_outbox, alert_attempts, alert_channels"));
  }

  Lane lane(String name, int perMinute) {
    configured(name);
    return Samples.lane(name, perMinute, NOWHERE);
  }

  void configured(String... names) {
    database
        .jdbi()
        .useTransaction(
            handle -> new Upkeep(time, Duration.ofMinutes(10)).run(handle, List.of(names)));
  }

  void add(String channel, Notice... notices) {
    database
        .jdbi()
        .useTransaction(
            handle -> {
              for (Notice notice : notices) {
                Outbox.add(handle, channel, notice);
              }
            });
  }

  List<Claimed> take(Claims claims, Lane lane, int slots) {
    return database.jdbi().inTransaction(handle -> claims.take(handle, lane, slots));
  }

  static List<String> ids(List<Claimed> rows) {
    return rows.stream().map(ClockedOutbox::notice).map(Notice::id).toList();
  }

  static Notice notice(Claimed row) {
    try {
      return NoticeJson.read(row.notice());
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  Outcome end(String replica, Lane lane, Claimed row, Outcome outcome) {
    Results results = new Results(time, replica, new Random(1));
    return database
        .jdbi()
        .inTransaction(
            handle ->
                results.end(handle, lane.name(), row, outcome, Duration.ofMillis(7)).outcome());
  }

  static Outcome delivered() {
    return new Outcome.Delivered(200, null);
  }

  String state(String notice) {
    return String.join(
        "", database.column("SELECT state FROM alert_outbox WHERE notice_id = '" + notice + "'"));
  }
}
