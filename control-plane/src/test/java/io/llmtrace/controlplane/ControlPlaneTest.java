package io.llmtrace.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.usage.UsageSource;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.policies.wire.TelemetryRecord;
import io.llmtrace.runtime.config.DatabaseConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.MetricsConfig;
import io.llmtrace.runtime.config.Secret;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlPlaneTest {
  private static final Duration SOON = Duration.ofMinutes(1);

  @TempDir static Path directory;
  private static final HttpClient client = HttpClient.newHttpClient();
  private static final Ulid ids = new Ulid();
  private static ControlPlane service;
  private static String admin;
  private static String instance;

  @BeforeAll
  static void start() throws Exception {
    service = ControlPlane.start(config());
    assertThat(get("/health", "").statusCode()).isEqualTo(200);
    ready();
    admin = Files.readString(directory.resolve("initial-admin.key"));
    instance = Files.readString(directory.resolve("initial-instance.key"));
  }

  @AfterAll
  static void stop() throws Exception {
    service.close();
  }

  @Test
  void whatAnExchangeCostIsStoredExactlyAndAnAmountThatNoDatabaseHoldsIsRefused() throws Exception {
    String id = ids.next();
    String odd = ids.next();
    send("spender", 1, List.of(inspection(id, "spend"), inspection(odd, "spend")));
    send(
        "spender",
        2,
        List.of(spent(id, new BigDecimal("0.000000375")), spent(odd, new BigDecimal("1e-90000"))));
    assertThat(sum("llmtrace_cost_usd_total", "model=\"gpt-4o\"")).isEqualTo(0.000000375);
    assertThat(sum("llmtrace_time_to_first_token_seconds_count", "route=\"spend\"")).isEqualTo(1);
    // 4 tokens in the 40 ms after the first one.
    assertThat(sum("llmtrace_output_tokens_per_second_sum", "model=\"gpt-4o\"")).isEqualTo(100);
    assertThat(sum("llmtrace_usage_total", "source=\"counted\"")).isEqualTo(1);
  }

  private static CompletionRecord spent(String id, BigDecimal cost) {
    CompletionRecord plain = completion(id);
    return new CompletionRecord(
        id,
        plain.at(),
        plain.status(),
        plain.latencyMs(),
        plain.upstreamLatencyMs(),
        plain.model(),
        plain.usage(),
        plain.finishReason(),
        plain.upstreamError(),
        plain.truncated(),
        plain.findings(),
        plain.receipt(),
        plain.refusal(),
        UsageSource.COUNTED,
        80.0,
        cost,
        null);
  }

  @Test
  void aDatabaseByUrlThatGoesAwayIsSaidAndComesBack(@TempDir Path other) throws Exception {
    String server = EmbeddedDatabase.addressOf(directory.resolve("postgres"));
    sql(server, "CREATE DATABASE mine");
    LlmtraceConfig base = config();
    LlmtraceConfig config =
        base.withControlPlane(
                base.controlPlane()
                    .withDataDirectory(other)
                    .withDatabase(
                        new DatabaseConfig(
                            Secret.of(server.replace("/postgres?", "/mine?")), null, null, 3)))
            .withMetrics(new MetricsConfig(Secret.of("scrape-me"), false));
    ControlPlane main = service;
    String mainInstance = instance;
    ControlPlane second = ControlPlane.start(config);
    try {
      service = second;
      ready();
      assertThat(Files.exists(other.resolve("postgres"))).isFalse();
      instance = Files.readString(other.resolve("initial-instance.key"));
      String id = ids.next();
      send("away", 1, List.of(inspection(id, "away"), completion(id)));

      assertThat(get("/metrics", "").statusCode()).isEqualTo(401);
      assertThat(get("/metrics", "scrape-you").statusCode()).isEqualTo(401);
      HttpResponse<String> scrape =
          client.send(
              request("/metrics", "scrape-me")
                  .header("Accept", "application/openmetrics-text; version=1.0.0")
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(scrape.headers().firstValue("Content-Type").orElseThrow())
          .startsWith("application/openmetrics-text");
      assertThat(scrape.body()).endsWith("# EOF\n").contains("llmtrace_requests_total{");

      sql(server, "ALTER DATABASE mine ALLOW_CONNECTIONS false");
      sql(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'mine'");
      Await.until(SOON, () -> get("/readyz", "").statusCode() == 503);
      assertThat(get("/livez", "").statusCode()).isEqualTo(200);
      assertThat(get("/health", "").body()).doesNotContain("\"status\":\"healthy\"");
      HttpResponse<String> refused =
          post(
              "/api/v1/ingest/batches",
              instance,
              gzip(new Batch(Batch.SCHEMA, "away", "boot", 2, List.of())));
      assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
      assertThat(refused.headers().firstValue("Retry-After")).isPresent();

      sql(server, "ALTER DATABASE mine ALLOW_CONNECTIONS true");
      Await.until(SOON, () -> get("/readyz", "").statusCode() == 200);
      assertThat(send("away", 1, List.of()).body()).contains("\"duplicate\":true");
      assertThat(send("away", 2, List.of()).body()).contains("\"duplicate\":false");
    } finally {
      second.close();
      service = main;
      instance = mainInstance;
      sql(server, "DROP DATABASE mine WITH (FORCE)");
    }
  }

  private static void sql(String server, String statement) throws SQLException {
    try (Connection connection = DriverManager.getConnection(server);
        Statement made = connection.createStatement()) {
      made.execute(statement);
    }
  }

  @Test
  void whatNobodyAnsweredInFifteenMinutesIsCountedAsUnobservedAndALateHalfNotAgain()
      throws Exception {
    String unanswered = ids.next();
    String unasked = ids.next();
    send("sweep", 1, List.of(inspection(unanswered, "sweep"), completion(unasked)));
    double unknown = sum("llmtrace_requests_total", "route=\"unknown\"");
    sql("UPDATE sweeps SET done_until = now() - interval '17 minutes'");
    sql(
        "UPDATE exchanges SET received_at = now() - interval '16 minutes' WHERE decision_id = '"
            + unanswered
            + "'");
    sql(
        "UPDATE waiting_completions SET since = now() - interval '16 minutes'"
            + " WHERE decision_id = '"
            + unasked
            + "'");
    // The sweeper comes by every ten seconds.
    Await.until(SOON, () -> sum("llmtrace_requests_total", "route=\"sweep\",status=\"000\"") == 1);
    Await.until(SOON, () -> sum("llmtrace_requests_total", "route=\"unknown\"") == unknown + 1);

    send("sweep", 2, List.of(completion(unanswered), inspection(unasked, "sweep")));
    assertThat(get("/api/v1/exchanges/" + unanswered, admin).body()).contains("\"completed\"");
    assertThat(sum("llmtrace_requests_total", "route=\"sweep\"")).isEqualTo(1);
    assertThat(sum("llmtrace_requests_total", "route=\"unknown\"")).isEqualTo(unknown + 1);
  }

  @Test
  void totalsOutliveARestart() throws Exception {
    String id = ids.next();
    send("restart", 1, List.of(inspection(id, "restart"), completion(id)));
    service.close();
    service = ControlPlane.start(config());
    ready();
    assertThat(sum("llmtrace_requests_total", "route=\"restart\"")).isEqualTo(1);
    assertThat(get("/api/v1/exchanges/" + id, admin).statusCode()).isEqualTo(200);
  }

  @Test
  void everyCallNeedsAKeyOfTheRightRole() throws Exception {
    for (String path : List.of("/api/v1/exchanges", "/api/v1/findings", "/api/v1/instances")) {
      HttpResponse<String> refused = get(path, "");
      assertThat(refused.statusCode()).as(path).isEqualTo(401);
      assertThat(refused.headers().firstValue("Content-Type")).hasValue("application/problem+json");
      assertThat(get(path, instance).statusCode()).as(path).isEqualTo(403);
    }
    assertThat(get("/api/v1/nothing", "").statusCode()).isEqualTo(401);
    assertThat(get("/api/v1/nothing", admin).statusCode()).isEqualTo(404);
    assertThat(post("/api/v1/ingest/batches", admin, new byte[0]).statusCode()).isEqualTo(403);
    assertThat(post("/api/v1/ingest/batches", instance, new byte[0]).statusCode()).isEqualTo(400);
  }

  @Test
  void aSnapshotShowsInGaugesAndInstances() throws Exception {
    NodeSnapshot snapshot =
        new NodeSnapshot(
            "gauge",
            "boot",
            System.currentTimeMillis(),
            "1",
            1,
            Map.of("analysis", "closed"),
            7,
            Map.of(),
            0,
            0,
            List.of(),
            List.of());
    assertThat(post("/api/v1/ingest/snapshots", instance, gzip(snapshot)).statusCode())
        .isEqualTo(204);
    assertThat(get("/metrics", "").body())
        .contains("llmtrace_active_connections{node=\"gauge\"} 7")
        .contains("jvm_memory_used_bytes")
        .contains("llmtrace_security_findings_total{action=\"block\"");
    assertThat(get("/api/v1/instances", admin).body()).contains("\"gauge\"");
    assertThat(get("/health", "").body()).contains("\"healthy\"").doesNotContain("nodes");
  }

  @Test
  void booksThatDoNotBalanceShowInAGauge() throws Exception {
    String alone = ids.next();
    send("books", 1, List.of(inspection(ids.next(), "books"), completion(alone)));
    report("books", new NodeSnapshot.Accounts(2, 0, 0, 0));
    assertThat(get("/metrics", "").body())
        .contains("llmtrace_accounting_difference{book=\"records\",node=\"books\"} 0")
        .contains("llmtrace_accounting_difference{book=\"exchanges\",node=\"books\"} 0");
    send("books", 1, List.of(inspection(ids.next(), "books")));
    sql(
        "UPDATE waiting_completions SET since = now() - interval '3 minutes'"
            + " WHERE decision_id = '"
            + alone
            + "'");
    report("books", new NodeSnapshot.Accounts(6, 1, 1, 1));
    assertThat(get("/metrics", "").body())
        .as("a repeated batch is none, two of six are missing, and an exchange has no inspection")
        .contains("llmtrace_accounting_difference{book=\"records\",node=\"books\"} 2")
        .contains("llmtrace_accounting_difference{book=\"exchanges\",node=\"books\"} 1");
  }

  private static void report(String node, NodeSnapshot.Accounts accounts) throws Exception {
    NodeSnapshot snapshot =
        new NodeSnapshot(
            node,
            "boot",
            System.currentTimeMillis(),
            "1",
            1,
            Map.of(),
            0,
            Map.of(),
            0,
            0,
            List.of(),
            List.of(),
            accounts);
    assertThat(post("/api/v1/ingest/snapshots", instance, gzip(snapshot)).statusCode())
        .isEqualTo(204);
  }

  @Test
  void metricsAreNotOpenedToANetworkByAccident() {
    LlmtraceConfig open = config();
    assertThatThrownBy(
            () ->
                ControlPlane.start(open.withControlPlane(open.controlPlane().withBind("0.0.0.0"))))
        .hasMessageContaining("metrics.token");
  }

  private static Connection database() throws Exception {
    return DriverManager.getConnection(EmbeddedDatabase.addressOf(directory.resolve("postgres")));
  }

  private static void sql(String statement) throws Exception {
    try (Connection connection = database();
        Statement run = connection.createStatement()) {
      run.execute(statement);
    }
  }

  private static LlmtraceConfig config() {
    LlmtraceConfig defaults = LlmtraceConfig.defaults();
    return defaults.withControlPlane(
        defaults.controlPlane().withPorts(0, 0).withDataDirectory(directory));
  }

  private static void ready() throws Exception {
    Await.until(Duration.ofMinutes(3), () -> get("/readyz", "").statusCode() == 200);
  }

  private static InspectionRecord inspection(String id, String route) {
    return Records.inspection(
        id,
        Records.Who.tenant("default").withRoute(route),
        Action.BLOCK,
        Coverage.INSPECTED,
        List.of(Records.finding(FindingType.PROMPT_INJECTION, Severity.HIGH)));
  }

  private static CompletionRecord completion(String id) {
    return Records.completion(id, 200, 120, null, List.of());
  }

  private static HttpResponse<String> send(
      String node, long sequence, List<TelemetryRecord> records) throws Exception {
    HttpResponse<String> answer =
        post(
            "/api/v1/ingest/batches",
            instance,
            gzip(new Batch(Batch.SCHEMA, node, "boot", sequence, records)));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer;
  }

  private static byte[] gzip(Object value) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(WireJson.mapper().writeValueAsBytes(value));
    }
    return out.toByteArray();
  }

  private static double sum(String metric, String label) throws Exception {
    return get("/metrics", "")
        .body()
        .lines()
        .filter(line -> line.startsWith(metric + "{") && line.contains(label))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static HttpResponse<String> get(String path, String key) throws Exception {
    return client.send(request(path, key).GET().build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> post(String path, String key, byte[] body) throws Exception {
    return client.send(
        request(path, key)
            .header("Content-Encoding", "gzip")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(String path, String key) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.port() + path));
    return key.isEmpty() ? request : request.header("Authorization", "Bearer " + key);
  }
}
