package io.llmtrace.cli.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.testkit.sinks.Fault;
import io.llmtrace.testkit.sinks.Faults;
import io.llmtrace.testkit.sinks.HttpSink;
import io.llmtrace.testkit.sinks.PagerDutySink;
import io.llmtrace.testkit.sinks.Received;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two control planes are killed (-9) at random while findings come in and what they make is told
 * through services that fail in every way: each incident is told to each channel, in order, and
 * again only as the same message; none is lost, and there is none that nothing made.
 */
class AlertsUnderFaultsTest {
  /** Findings of a batch. */
  private static final int ROUTES = 4;

  @TempDir private Path directory;

  /**
   * How it is treated.
   *
   * @param windowSeconds of the rule: longer than both control planes may be away
   * @param pauseMillis between two batches
   * @param part of requests that meet a fault
   */
  private record Trial(
      int incidents,
      int kills,
      int windowSeconds,
      int pauseMillis,
      double part,
      List<Fault> kinds) {}

  @Test
  @Tag("long")
  void incidentsAreToldInOrderThroughFaultsAndKills() throws Exception {
    // Nothing that takes its time: calls that hang and breakers that open are for the long form.
    List<Fault> quick =
        List.of(
            new Fault.RateLimited(1),
            new Fault.Status(500),
            new Fault.Reset(),
            new Fault.ResetAfterAccepting(),
            new Fault.ErrorBody());
    run(new Trial(40, 2, 300, 150, 0.08, quick));
  }

  @Test
  @Tag("long")
  void aThousandIncidentsAreToldThroughTwentyKillsLong() throws Exception {
    run(new Trial(1_000, 20, 120, 800, 0.15, Faults.everyKind()));
  }

  private void run(Trial trial) throws Exception {
    Path rules =
        Files.writeString(
            directory.resolve("rules.yaml"),
            """
            rules:
              - name: found
                severity: high
                match: type == "prompt_injection"
                by: [route]
                window_seconds: %d
                keep_seconds: 1
            """
                .formatted(trial.windowSeconds()));
    long start = System.nanoTime();
    ExecutorService threads = Executors.newCachedThreadPool();
    try (AlertSinks sinks = new AlertSinks();
        AlertPlanes planes = new AlertPlanes(directory, sinks.section(rules.toString(), 10_000))) {
      sinks.misbehave(7, trial.part(), trial.kinds());
      Future<Set<String>> sender = threads.submit(() -> send(planes, trial));
      kill(planes, sinks, trial);
      Set<String> routes = sender.get(300, TimeUnit.SECONDS);
      sinks.away("");
      planes.await(
          "all began",
          Duration.ofSeconds(90),
          () ->
              planes.number("SELECT count(*) FROM alert_incidents WHERE number > 0")
                  >= routes.size());
      end(planes, trial);
      planes.await(
          "all are over",
          Duration.ofSeconds(trial.windowSeconds() + 90),
          () ->
              planes.number("SELECT count(*) FROM alert_incidents WHERE state <> 'resolved'") == 0);
      if (isShort(trial)) {
        sinks.behave();
        hurry(planes);
      }
      planes.await(
          "all is told",
          Duration.ofMinutes(10),
          () -> planes.number("SELECT count(*) FROM alert_outbox WHERE state = 'waiting'") == 0);
      judge(planes, sinks, routes);
      long attempts = planes.number("SELECT count(*) FROM alert_attempts");
      System.out.printf(
          "%d incidents, %d kills, two replicas: %d messages in %d attempts, %d arrived twice, all in"
              + " order, %.0f s%n",
          routes.size(),
          trial.kills(),
          planes.number("SELECT count(*) FROM alert_outbox"),
          attempts,
          sinks.all().values().stream().mapToInt(each -> each.ledger().duplicates().size()).sum(),
          (System.nanoTime() - start) / 1e9);
    } finally {
      threads.shutdownNow();
    }
  }

  private static boolean isShort(Trial trial) {
    return trial.kills() < 10;
  }

  private static Set<String> send(AlertPlanes planes, Trial trial) throws Exception {
    FoundBatches batches = new FoundBatches();
    Set<String> sent = new HashSet<>();
    for (int i = 0; i < trial.incidents(); i += ROUTES) {
      List<String> routes =
          IntStream.range(i, Math.min(trial.incidents(), i + ROUTES))
              .mapToObj(each -> "route-" + each)
              .toList();
      planes.ingest(batches.of(routes, 1));
      sent.addAll(routes);
      Thread.sleep(trial.pauseMillis());
    }
    return sent;
  }

  private static void kill(AlertPlanes planes, AlertSinks sinks, Trial trial) throws Exception {
    Random random = new Random(20);
    List<String> channels = List.copyOf(sinks.all().keySet());
    for (int i = 0; i < trial.kills(); i++) {
      Thread.sleep(300 + random.nextInt(isShort(trial) ? 500 : 4_000));
      // What is away opens breakers for half a minute: for the long form.
      if (i % 3 == 1 && !isShort(trial)) {
        sinks.away(channels.get(random.nextInt(channels.size())));
      } else {
        sinks.away("");
      }
      planes.kill(i % planes.count());
      if (random.nextInt(4) == 0) {
        planes.kill((i + 1) % planes.count());
      }
      if (isShort(trial)) {
        hurry(planes);
      } else {
        planes.awaitReady();
      }
    }
    // Whichever of the two is back first goes on.
  }

  /** In the short form people end incidents; in the long one they end by themselves. */
  private static void end(AlertPlanes planes, Trial trial) throws Exception {
    if (isShort(trial)) {
      for (String id : planes.rows("SELECT id FROM alert_incidents WHERE number > 0")) {
        planes.post("/api/v1/alerts/incidents/" + id + "/resolve", "{}");
      }
    }
  }

  /** The minute of a lease and the pauses between attempts go by at once. */
  private static void hurry(AlertPlanes planes) throws Exception {
    planes.sql(
        "UPDATE alert_outbox SET next_at = least(next_at, now()), claimed_until ="
            + " claimed_until - interval '1 minute' WHERE state = 'waiting'");
  }

  private static void judge(AlertPlanes planes, AlertSinks sinks, Set<String> routes)
      throws Exception {
    Map<String, Integer> numbers = new HashMap<>();
    for (String row : planes.rows("SELECT id, number FROM alert_incidents")) {
      numbers.put(row.split(" ", 2)[0], Integer.parseInt(row.split(" ", 2)[1]));
    }
    assertThat(planes.rows("SELECT DISTINCT state FROM alert_outbox")).containsExactly("delivered");
    List<String> labels = planes.rows("SELECT labels->>'route' FROM alert_incidents");
    assertThat(labels).as("none is lost, none is invented").hasSameSizeAs(routes);
    assertThat(Set.copyOf(labels)).isEqualTo(routes);
    for (Map.Entry<String, HttpSink> each : sinks.all().entrySet()) {
      String channel = each.getKey();
      HttpSink sink = each.getValue();
      assertThat(sink.ledger().refused()).as(channel).isEmpty();
      Map<String, List<Received>> incidents = sink.ledger().incidents();
      assertThat(incidents.keySet()).as(channel).isEqualTo(numbers.keySet());
      incidents.forEach(
          (incident, received) ->
              assertThat(received.stream().map(Received::key).toList())
                  .as("%s tells each step of %s once, in order", channel, incident)
                  .isEqualTo(
                      IntStream.rangeClosed(1, numbers.get(incident))
                          .mapToObj(number -> incident + "-" + number)
                          .toList()));
      sink.ledger()
          .duplicates()
          .forEach(
              (key, arrivals) ->
                  assertThat(arrivals.stream().map(Received::body).distinct().toList())
                      .as("%s gets %s again as it was", channel, key)
                      .hasSize(1));
    }
    List<String> kinds = new ArrayList<>();
    Set<String> told = new HashSet<>();
    for (List<Received> received : sinks.webhook().ledger().incidents().values()) {
      assertThat(received.get(0).step()).isEqualTo("incident.firing");
      assertThat(received.get(received.size() - 1).step()).isEqualTo("incident.resolved");
      received.forEach(message -> kinds.add(message.step()));
      told.add(received.get(0).body().at("/data/labels/route").asText());
    }
    assertThat(told).isEqualTo(routes);
    assertThat(kinds.stream().filter("incident.firing"::equals).count()).isEqualTo(routes.size());
    assertThat(kinds.stream().filter("incident.resolved"::equals).count()).isEqualTo(routes.size());
    assertThat(sinks.pagerDuty().states().keySet()).isEqualTo(numbers.keySet());
    assertThat(Set.copyOf(sinks.pagerDuty().states().values()))
        .containsExactly(PagerDutySink.State.RESOLVED);
  }
}
