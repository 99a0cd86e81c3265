package io.llmtrace.cli.bench.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.cli.Main;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.cli.stack.Readiness;
import io.llmtrace.cli.stack.StackPorts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
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

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  @TempDir Path directory;
  private URI address;
  private ChildProcess controlPlane;

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
    int port = StackPorts.freePort();
    address = URI.create("http://127.0.0.1:" + port);
    Path data = directory.resolve("data");
    Files.writeString(
        directory.resolve("llmtrace.yaml"),
        """
        control_plane:
          port: %d
          admin_port: 0
          data_directory: %s
        """
            .formatted(port, data));
    start();
    Readiness.await(controlPlane, address.resolve("/readyz"), Duration.ofSeconds(90));
    String instance = Files.readString(data.resolve("initial-instance.key"));
    String admin = Files.readString(data.resolve("initial-admin.key"));
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
                      until("/api/v1/ingest/batches", instance, body, "gzip");
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
                  until("/api/v1/tenants", admin, body, "identity");
                  changes.incrementAndGet();
                  Thread.sleep(50);
                }
                return null;
              }));
      for (int i = 0; i < kills; i++) {
        Thread.sleep(500 + random.nextInt(1_500));
        if (i % 2 == 0) {
          controlPlane.kill();
          start();
        } else {
          ProcessHandle.of(postgres()).ifPresent(ProcessHandle::destroyForcibly);
        }
        assertThat(Readiness.await(address.resolve("/livez"), Duration.ofSeconds(60), () -> true))
            .isTrue();
        Thread.sleep(200);
        assertThat(Readiness.await(address.resolve("/readyz"), Duration.ofSeconds(90), () -> true))
            .as("ready after kill %s: %s", i, controlPlane.tail())
            .isTrue();
      }
      Thread.sleep(1_000);
      enough.set(true);
      for (Future<?> end : ends) {
        end.get(120, TimeUnit.SECONDS);
      }
      assertThat(changes.get()).isPositive();
    } finally {
      enough.set(true);
      threads.shutdownNow();
    }
    long sent = exchanges.get();
    // Waits for the fold, which comes by every two seconds.
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (number("SELECT count(*) FROM rollup_journal") > 0 && System.nanoTime() < end) {
      Thread.sleep(200);
    }
    assertThat(number("SELECT count(*) FROM exchanges")).isEqualTo(sent);
    assertThat(number("SELECT count(*) FROM completions WHERE tenant <> ''")).isEqualTo(sent);
    assertThat(number("SELECT count(*) FROM waiting_completions")).isZero();
    assertThat(number("SELECT count(*) FROM findings"))
        .isEqualTo(number("SELECT sum(findings)::bigint FROM exchanges"));
    for (String metric : List.of("llmtrace_requests_total", "llmtrace_inspections_total")) {
      assertThat(
              number(
                  "SELECT sum(value)::bigint FROM metric_totals WHERE metric = '" + metric + "'"))
          .as(metric)
          .isEqualTo(sent);
    }
    for (String dimension : List.of("tenant", "route", "consumer", "agent", "model")) {
      for (String grain : List.of("hour", "day")) {
        String from =
            " FROM rollups WHERE dimension = '" + dimension + "' AND grain = '" + grain + "'";
        assertThat(number("SELECT sum(exchanges)::bigint" + from)).isEqualTo(sent);
        assertThat(number("SELECT sum(requests)::bigint" + from)).isEqualTo(sent);
        assertThat(number("SELECT sum(findings)::bigint" + from))
            .isEqualTo(number("SELECT count(*) FROM findings"));
        assertThat(number("SELECT (sum(cost_usd) * 10000000)::bigint" + from))
            .isEqualTo(
                number(
                    "SELECT (sum((record->>'cost_usd')::numeric) * 10000000)::bigint"
                        + " FROM completions"));
      }
    }
    HttpResponse<String> verdict =
        http.send(
            HttpRequest.newBuilder(address.resolve("/api/v1/audit/verify"))
                .header("Authorization", "Bearer " + admin)
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(verdict.body()).contains("\"intact\":true");
    System.out.printf("%d kills under load: %d exchanges sent, stored once each%n", kills, sent);
    controlPlane.close();
  }

  private void start() throws IOException {
    controlPlane =
        ChildProcess.start(
            "control plane",
            directory.resolve("control-plane.log"),
            List.of("-Xmx384m"),
            Main.class.getName(),
            List.of("control-plane", "--config", directory.resolve("llmtrace.yaml").toString()));
  }

  /** Sends until it is taken; a second answer to the same post is as good as the first. */
  private void until(String path, String key, byte[] body, String encoding)
      throws InterruptedException {
    while (true) {
      try {
        HttpRequest request =
            HttpRequest.newBuilder(address.resolve(path))
                .timeout(Duration.ofSeconds(30))
                .header("Authorization", "Bearer " + key)
                .header("Content-Encoding", encoding)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        if (status == 200 || status == 201 || status == 409) {
          return;
        }
        assertThat(status).isIn(429, 503);
      } catch (IOException e) {
        // It was killed: what was sent may be stored or not.
        Thread.sleep(20);
      }
      Thread.sleep(50);
    }
  }

  private long postgres() throws IOException {
    return Long.parseLong(lock().get(0).strip());
  }

  private List<String> lock() throws IOException {
    try {
      return Files.readAllLines(directory.resolve("data/postgres/postmaster.pid"));
    } catch (NoSuchFileException e) {
      return List.of("0", "", "", "0");
    }
  }

  private long number(String sql) throws IOException, SQLException {
    String url = "jdbc:postgresql://127.0.0.1:" + lock().get(3) + "/postgres?user=postgres";
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}
