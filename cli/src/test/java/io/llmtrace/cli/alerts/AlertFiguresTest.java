package io.llmtrace.cli.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.testkit.sinks.Received;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a finding to its message: how long it takes, and how many there are of a flood. */
@Tag("long")
class AlertFiguresTest {
  private static final double BAR_SECONDS = 3;
  private static final int FINDINGS = 100_000;
  private static final int ROUTES = 1_000;
  private static final int PER_MINUTE = 20;
  private static final Pattern DIGEST =
      Pattern.compile("(\\d+) notices of (\\d+) incidents?(?:, (\\d+) over)?");

  @TempDir private Path directory;

  private String rules(String text) throws Exception {
    return Files.writeString(directory.resolve("rules.yaml"), text).toString();
  }

  @Test
  void aFindingIsToldWithinSecondsLong() throws Exception {
    String rules =
        rules(
            """
            rules:
              - {name: found, severity: high, match: type == "prompt_injection", by: [route]}
            """);
    try (AlertSinks sinks = new AlertSinks();
        AlertPlanes planes = new AlertPlanes(directory, sinks.section(rules, 10_000))) {
      Random random = new Random(3);
      FoundBatches batches = new FoundBatches();
      Map<String, Instant> acknowledged = new HashMap<>();
      for (int i = -5; i < 100; i++) {
        // The first ones warm up.
        String route = i < 0 ? "warm" + i : "route-" + i;
        Instant at = planes.ingest(batches.of(List.of(route), 1));
        if (i >= 0) {
          acknowledged.put(route, at);
        }
        Thread.sleep(200 + random.nextInt(1_000));
      }
      planes.await(
          "all is told",
          Duration.ofSeconds(60),
          () -> sinks.webhook().ledger().incidents().size() == 105);
      List<Double> seconds = new ArrayList<>();
      for (List<Received> received : sinks.webhook().ledger().incidents().values()) {
        Instant from = acknowledged.get(received.get(0).body().at("/data/labels/route").asText());
        if (from != null) {
          seconds.add(Duration.between(from, received.get(0).at()).toMillis() / 1e3);
        }
      }
      seconds.sort(null);
      assertThat(seconds).hasSize(100);
      System.out.printf(
          "from an acknowledged finding to its first message, two replicas, 100 times: p50 %.2f s,"
              + " p95 %.2f s, max %.2f s%n",
          seconds.get(49), seconds.get(94), seconds.get(99));
      assertThat(seconds.get(94)).isLessThan(BAR_SECONDS);
    }
  }

  @Test
  void aFloodIsToldInAFewMessagesThatCountAllOfItLong() throws Exception {
    String rules =
        rules(
            """
            rules:
              - {name: flood, severity: critical, match: type == "prompt_injection",
                 window_seconds: 120, keep_seconds: 1}
              - {name: found, severity: high, match: type == "prompt_injection", by: [route],
                 window_seconds: 120, keep_seconds: 1}
            """);
    try (AlertSinks sinks = new AlertSinks();
        AlertPlanes planes = new AlertPlanes(directory, sinks.section(rules, PER_MINUTE))) {
      double took = flood(planes);
      assertThat(took).as("seconds that the flood takes").isLessThan(60);
      // One over all, and one a route.
      long incidents = ROUTES + 1;
      planes.await(
          "all began",
          Duration.ofSeconds(60),
          () ->
              planes.number("SELECT count(*) FROM alert_incidents WHERE number > 0") == incidents);
      planes.await(
          "all are over",
          Duration.ofMinutes(4),
          () ->
              planes.number("SELECT count(*) FROM alert_incidents WHERE state <> 'resolved'") == 0);
      planes.await(
          "all is told but to PagerDuty, which waits",
          Duration.ofMinutes(3),
          () ->
              planes.number(
                      "SELECT count(*) FROM alert_outbox WHERE state = 'waiting'"
                          + " AND channel <> 'pagerduty'")
                  == 0);
      long most =
          planes.number(
              "SELECT max(n) FROM (SELECT count(*) OVER (PARTITION BY channel ORDER BY at RANGE"
                  + " BETWEEN interval '59.999 seconds' PRECEDING AND CURRENT ROW) AS n"
                  + " FROM alert_attempts) a");
      assertThat(most).as("messages of a channel in any minute").isLessThanOrEqualTo(PER_MINUTE);
      assertThat(
              planes.rows(
                  "SELECT seen->'counts'->>'findings' FROM alert_incidents WHERE rule ="
                      + " 'flood'"))
          .containsExactly(String.valueOf(FINDINGS));
      assertThat(
              planes.number(
                  "SELECT sum((seen->'counts'->>'findings')::bigint) FROM alert_incidents"
                      + " WHERE rule = 'found'"))
          .isEqualTo(FINDINGS);
      judge(sinks.webhook().ledger().received(), incidents);
      System.out.printf(
          "%d findings in %.0f s, %d incidents: %s messages by channel, at most %d in any minute%n",
          FINDINGS,
          took,
          incidents,
          planes.rows(
              "SELECT channel || ' ' || count(*) FROM alert_attempts GROUP BY channel ORDER BY 1"),
          most);
    }
  }

  /** Returns the seconds that it took. */
  private static double flood(AlertPlanes planes) throws Exception {
    int exchanges = 100;
    int each = 10;
    FoundBatches batches = new FoundBatches();
    AtomicInteger next = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    long start = System.nanoTime();
    try {
      List<Future<?>> ends = new ArrayList<>();
      for (int t = 0; t < 2; t++) {
        ends.add(
            threads.submit(
                () -> {
                  int batch = next.getAndIncrement();
                  while (batch < FINDINGS / exchanges / each) {
                    int first = batch * exchanges;
                    List<String> routes =
                        IntStream.range(first, first + exchanges)
                            .mapToObj(i -> "route-" + i % ROUTES)
                            .toList();
                    planes.ingest(batches.of(routes, each));
                    batch = next.getAndIncrement();
                  }
                  return null;
                }));
      }
      for (Future<?> end : ends) {
        end.get(120, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
    return (System.nanoTime() - start) / 1e9;
  }

  /** Messages and what their digests count are all notices; one message says the whole sum. */
  private static void judge(List<Received> received, long incidents) {
    long beginnings = 0;
    long ends = 0;
    long notices = 0;
    boolean whole = false;
    for (Received each : received) {
      JsonNode data = each.body().path("data");
      if (data.path("kind").asText().equals("digest")) {
        Matcher digest = DIGEST.matcher(data.path("title").asText());
        assertThat(digest.matches()).as(data.path("title").asText()).isTrue();
        notices += Long.parseLong(digest.group(1));
      } else {
        notices++;
        beginnings += data.path("kind").asText().equals("firing") ? 1 : 0;
        ends += data.path("kind").asText().equals("resolved") ? 1 : 0;
        whole |=
            data.path("rule").asText().equals("flood")
                && data.path("kind").asText().equals("resolved")
                && data.toString().contains(String.valueOf(FINDINGS));
      }
    }
    assertThat(beginnings).isPositive();
    assertThat(ends).isPositive();
    assertThat(notices).as("each incident began and ended once").isEqualTo(2 * incidents);
    assertThat(whole).as("the end of the one over all says the whole sum").isTrue();
  }
}
