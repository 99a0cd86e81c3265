package io.llmtrace.cli.bench.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.cli.stack.Readiness;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The control plane and its PostgreSQL are killed (-9) at random moments while nodes send: what was
 * sent is there once, and everything that is derived from it agrees.
 */
class KillsTest {
  private static final int SENDERS = 4;
  private static final int TENANT_NAMES = 1_000_000;

  @TempDir Path directory;

  @Test
  void aKillLosesNothing() throws Exception {
    kills(1);
  }

  @Test
  @Tag("long")
  void twentyKillsLoseNothingLong() throws Exception {
    kills(20);
  }

  private void kills(int kills) throws Exception {
    try (PlaneProcess plane = new PlaneProcess(directory)) {
      kills(plane, kills);
    }
  }

  private static void kills(PlaneProcess plane, int kills) throws Exception {
    String instance = plane.key("instance");
    String admin = plane.key("admin");
    AtomicBoolean enough = new AtomicBoolean();
    AtomicInteger exchanges = new AtomicInteger();
    Random random = new Random(20);
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<Future<?>> ends = new ArrayList<>();
      for (int i = 0; i < SENDERS; i++) {
        String node = "node-" + i;
        SampleBatches samples = new SampleBatches(i);
        ends.add(
            threads.submit(
                () -> {
                  for (int n = 0; !enough.get(); n++) {
                    for (byte[] body : samples.of(node, "boot-" + n, 3)) {
                      plane.until("/api/v1/ingest/batches", instance, body, "gzip");
                    }
                    exchanges.addAndGet(3 * SampleBatches.EXCHANGES_OF_A_BATCH);
                  }
                  return null;
                }));
      }
      AtomicInteger changes = new AtomicInteger();
      ends.add(
          threads.submit(
              () -> {
                while (!enough.get()) {
                  String tenant = "t" + random.nextInt(TENANT_NAMES);
                  byte[] body =
                      ("{\"id\":\"" + tenant + "\"}")
                          .getBytes(java.nio.charset.StandardCharsets.UTF_8);
                  plane.until("/api/v1/tenants", admin, body, "identity");
                  changes.incrementAndGet();
                  Thread.sleep(50);
                }
                return null;
              }));
      for (int i = 0; i < kills; i++) {
        Thread.sleep(500 + random.nextInt(1_500));
        if (i % 2 == 0) {
          plane.kill();
          plane.start();
        } else {
          ProcessHandle.of(plane.postgres()).ifPresent(ProcessHandle::destroyForcibly);
        }
        assertThat(
                Readiness.await(
                    plane.address().resolve("/livez"), Duration.ofMinutes(2), () -> true))
            .isTrue();
        Thread.sleep(200);
        assertThat(
                Readiness.await(
                    plane.address().resolve("/readyz"), Duration.ofMinutes(2), () -> true))
            .as("ready after kill %s: %s", i, plane.tail())
            .isTrue();
      }
      Thread.sleep(1_000);
      enough.set(true);
      for (Future<?> end : ends) {
        end.get(240, TimeUnit.SECONDS);
      }
      assertThat(changes.get()).isPositive();
    } finally {
      enough.set(true);
      threads.shutdownNow();
    }
    long sent = exchanges.get();
    // Waits for the fold, which comes by every two seconds.
    long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (plane.number("SELECT count(*) FROM rollup_journal") > 0 && System.nanoTime() < end) {
      Thread.sleep(200);
    }
    assertThat(plane.number("SELECT count(*) FROM exchanges")).isEqualTo(sent);
    assertThat(plane.number("SELECT count(*) FROM completions WHERE tenant <> ''")).isEqualTo(sent);
    assertThat(plane.number("SELECT count(*) FROM waiting_completions")).isZero();
    assertThat(plane.number("SELECT count(*) FROM findings"))
        .isEqualTo(plane.number("SELECT sum(findings)::bigint FROM exchanges"));
    for (String metric : List.of("llmtrace_requests_total", "llmtrace_inspections_total")) {
      assertThat(
              plane.number(
                  "SELECT sum(value)::bigint FROM metric_totals WHERE metric = '" + metric + "'"))
          .as(metric)
          .isEqualTo(sent);
    }
    for (String dimension : List.of("tenant", "route", "consumer", "agent", "model")) {
      for (String grain : List.of("hour", "day")) {
        String from =
            " FROM rollups WHERE dimension = '" + dimension + "' AND grain = '" + grain + "'";
        assertThat(plane.number("SELECT sum(exchanges)::bigint" + from)).isEqualTo(sent);
        assertThat(plane.number("SELECT sum(requests)::bigint" + from)).isEqualTo(sent);
        assertThat(plane.number("SELECT sum(findings)::bigint" + from))
            .isEqualTo(plane.number("SELECT count(*) FROM findings"));
        assertThat(plane.number("SELECT (sum(cost_usd) * 10000000)::bigint" + from))
            .isEqualTo(
                plane.number(
                    "SELECT (sum((record->>'cost_usd')::numeric) * 10000000)::bigint"
                        + " FROM completions"));
      }
    }
    HttpResponse<String> verdict = plane.get("/api/v1/audit/verify", admin);
    assertThat(verdict.body()).contains("\"intact\":true");
    System.out.printf("%d kills under load: %d exchanges sent, stored once each%n", kills, sent);
  }
}
