package io.llmtrace.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.Coverage;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.policies.wire.Receipt;
import io.llmtrace.policies.wire.RefusedBy;
import io.llmtrace.policies.wire.TelemetryRecord;
import io.llmtrace.policies.wire.Ulid;
import io.llmtrace.policies.wire.UsageSource;
import io.llmtrace.policies.wire.WireJson;
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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlPlaneTest {
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
  void anExchangeIsJoinedWhicheverHalfComesFirst() throws Exception {
    String first = ids.next();
    String second = ids.next();
    send("join", 1, List.of(inspection(first, "join"), completion(second)));
    assertThat(get("/api/v1/exchanges/" + first, admin).body()).contains("\"open\"");
    send("join", 2, List.of(completion(first), inspection(second, "join")));

    for (String id : List.of(first, second)) {
      assertThat(get("/api/v1/exchanges/" + id, admin).body())
          .contains("\"completed\"", "prompt_injection");
    }
    assertThat(sum("llmtrace_requests_total", "route=\"join\"")).isEqualTo(2);
    assertThat(get("/api/v1/findings?route=join&limit=1", admin).body()).contains("\"next\"");
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
  void aBatchThatComesTwiceIsCountedOnce() throws Exception {
    String id = ids.next();
    List<TelemetryRecord> records = List.of(inspection(id, "twice"), completion(id));
    assertThat(send("twice", 1, records).body()).contains("\"duplicate\":false");
    assertThat(send("twice", 1, records).body()).contains("\"duplicate\":true");
    // The same records in another batch are known by their decision id.
    assertThat(send("twice", 2, records).body()).contains("\"duplicate\":false");
    assertThat(sum("llmtrace_requests_total", "route=\"twice\"")).isEqualTo(1);
  }

  @Test
  void findingsOfAnAnswerAreStoredBesideThoseOfItsRequestWhicheverHalfComesFirst()
      throws Exception {
    String together = ids.next();
    String answerLast = ids.next();
    String answerFirst = ids.next();
    String leaks = "type=\"system_prompt_leak\"";
    double before = sum("llmtrace_security_findings_total", leaks);
    double answers = sum("llmtrace_answers_total", "coverage=\"inspected\"");
    send(
        "answers",
        1,
        List.of(
            inspection(together, "answers"),
            badAnswer(together),
            inspection(answerLast, "answers")));
    send("answers", 2, List.of(badAnswer(answerLast), badAnswer(answerFirst)));
    assertThat(answerFindings("answers")).as("an answer waits for its request").hasSize(4);
    // Counted when it came, whether or not it can be shown yet.
    assertThat(sum("llmtrace_security_findings_total", leaks)).isEqualTo(before + 3);
    List<TelemetryRecord> last = List.of(inspection(answerFirst, "answers"));
    send("answers", 3, last);
    // Once more, in the same batch and in others.
    send("answers", 3, last);
    send("answers", 4, List.of(badAnswer(answerFirst), inspection(together, "answers")));
    send("answers", 5, List.of(badAnswer(together), badAnswer(answerLast)));

    List<JsonNode> stored = answerFindings("answers");
    assertThat(stored).hasSize(6);
    assertThat(stored)
        .extracting(finding -> finding.path("decision_id").asText())
        .containsOnly(together, answerLast, answerFirst);
    assertThat(sum("llmtrace_security_findings_total", leaks)).isEqualTo(before + 3);
    assertThat(
            sum("llmtrace_security_findings_total", "action=\"flag\",severity=\"high\"," + leaks))
        .isEqualTo(before + 3);
    assertThat(sum("llmtrace_answers_total", "coverage=\"inspected\"")).isEqualTo(answers + 3);
    assertThat(sum("llmtrace_refusals_total", "by=\"model\"")).isEqualTo(3);
    assertThat(sum("llmtrace_refusals_total", "provider=\"openai\"")).isEqualTo(3);

    JsonNode exchange =
        WireJson.mapper().readTree(get("/api/v1/exchanges/" + answerFirst, admin).body());
    assertThat(exchange.path("findings"))
        .extracting(f -> f.path("origin").asText() + " " + f.path("type").asText())
        .containsExactly(
            "request prompt_injection", "answer system_prompt_leak", "answer pii_detected");
    assertThat(exchange.at("/completion/receipt/coverage").asText()).isEqualTo("inspected");
    assertThat(exchange.at("/completion/refusal").asText()).isEqualTo("model");
    assertThat(get("/api/v1/findings?route=answers&origin=request&limit=500", admin).body())
        .contains("prompt_injection")
        .doesNotContain("system_prompt_leak");
  }

  @Test
  void anAnswerThatComesTooLateToCountItsRequestIsStoredAllTheSame() throws Exception {
    String id = ids.next();
    send("late-answer", 1, List.of(inspection(id, "late-answer")));
    sql(
        "INSERT INTO settled_late (decision_id, day, by) VALUES ('"
            + id
            + "', current_date, 'sweep')");
    sql(
        "UPDATE exchanges SET received_at = now() - interval '16 minutes' WHERE decision_id = '"
            + id
            + "'");
    send("late-answer", 2, List.of(badAnswer(id)));
    assertThat(answerFindings("late-answer")).hasSize(2);
  }

  @Test
  void recordsOfANodeThatDoesNotReadAnswersAreTakenAsBefore() throws Exception {
    String id = ids.next();
    ObjectNode json =
        WireJson.mapper()
            .valueToTree(
                new Batch(
                    Batch.SCHEMA,
                    "old",
                    "boot",
                    1,
                    List.of(inspection(id, "old"), completion(id))));
    ((ObjectNode) json.at("/records/0")).put("kind", "inspection").remove("conversation");
    ObjectNode completion = (ObjectNode) json.at("/records/1");
    completion.put("kind", "completion").remove(List.of("findings", "receipt", "refusal"));
    double answers = sum("llmtrace_answers_total", "coverage=");
    assertThat(post("/api/v1/ingest/batches", instance, gzip(json)).statusCode()).isEqualTo(200);
    assertThat(get("/api/v1/exchanges/" + id, admin).body()).contains("\"completed\"");
    assertThat(sum("llmtrace_requests_total", "route=\"old\"")).isEqualTo(1);
    assertThat(sum("llmtrace_answers_total", "coverage=")).isEqualTo(answers);
    assertThat(answerFindings("old")).isEmpty();
  }

  @Test
  void exchangesOfAConversationAreFoundByIt() throws Exception {
    String id = ids.next();
    InspectionRecord plain = inspection(id, "talk");
    String conversation = "0123456789abcdef".repeat(2);
    send(
        "talk",
        1,
        List.of(
            new InspectionRecord(
                id,
                plain.at(),
                plain.traceId(),
                plain.tenant(),
                plain.route(),
                plain.consumer(),
                plain.method(),
                plain.path(),
                plain.dialect(),
                plain.provider(),
                plain.model(),
                plain.stream(),
                plain.decision(),
                plain.findings(),
                plain.receipt(),
                plain.stagesMicros(),
                plain.tap(),
                "",
                0,
                conversation)));
    assertThat(get("/api/v1/exchanges?conversation=" + conversation, admin).body()).contains(id);
    assertThat(get("/api/v1/conversations/" + conversation, admin).body())
        .contains(id, "\"requests\":1");
  }

  private static List<JsonNode> answerFindings(String route) throws Exception {
    JsonNode page =
        WireJson.mapper()
            .readTree(get("/api/v1/findings?origin=answer&limit=500&route=" + route, admin).body());
    List<JsonNode> items = new ArrayList<>();
    page.path("items").forEach(items::add);
    return items;
  }

  private static CompletionRecord badAnswer(String id) {
    return completion(
        id,
        List.of(
            finding(FindingType.SYSTEM_PROMPT_LEAK, Severity.HIGH),
            finding(FindingType.PII_DETECTED, Severity.MEDIUM)),
        new Receipt(Coverage.INSPECTED, "", 1, 1, 9, List.of()),
        RefusedBy.MODEL);
  }

  private static Finding finding(FindingType type, Severity severity) {
    return new Finding(type, severity, 0.9, Zone.ASSISTANT, "/c", 0, 3, "d", "r", "e");
  }

  @Test
  void oneBadRecordIsCountedAndLeavesTheOthersAlone() throws Exception {
    String good = ids.next();
    String bad = ids.next();
    Batch batch =
        new Batch(
            Batch.SCHEMA,
            "bad-record",
            "boot",
            1,
            List.of(inspection(good, "bad-record"), inspection(bad, "bad-record")));
    ObjectNode json = WireJson.mapper().valueToTree(batch);
    ((ArrayNode) json.get("records"))
        .forEach(record -> ((ObjectNode) record).put("kind", "inspection"));
    ((ObjectNode) json.at("/records/1/findings/0")).remove("severity");
    double before = sum("llmtrace_events_lost_total", "reason=\"invalid_record\"");
    HttpResponse<String> answer = post("/api/v1/ingest/batches", instance, gzip(json));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(get("/api/v1/exchanges/" + good, admin).statusCode()).isEqualTo(200);
    assertThat(get("/api/v1/exchanges?route=bad-record", admin).body())
        .contains(good)
        .doesNotContain(bad);
    assertThat(sum("llmtrace_events_lost_total", "reason=\"invalid_record\""))
        .isEqualTo(before + 1);
  }

  @Test
  void aBodyThatCannotBeReadIsRefusedWithItsPlace() throws Exception {
    Map<String, String> bodies =
        Map.of(
            "{\"schema\":1,\"boot_id\":\"b\",\"sequence\":1,\"records\":[]}",
            "node: expected a name",
            "{\"schema\":1,\"node\":\"n\",\"boot_id\":\"b\",\"sequence\":-1,\"records\":[]}",
            "sequence: expected a number from 0",
            "{\"schema\":1,\"node\":\"n\",\"boot_id\":\"b\",\"sequence\":1,\"records\":["
                + "{\"kind\":\"inspection\",\"findings\":[{\"severity\":\"dire\"}]}]}",
            "records[0].findings[0].severity",
            "{\"schema\":1,\"node\":\"n\",\"boot_id\":\"b\",\"sequence\":1,\"records\":[null]}",
            "missing or null",
            "{\"schema\":1,\"node\":",
            "body");
    for (Map.Entry<String, String> body : bodies.entrySet()) {
      HttpResponse<String> answer = post("/api/v1/ingest/batches", instance, zipped(body.getKey()));
      assertThat(answer.statusCode()).as(body.getKey()).isEqualTo(400);
      assertThat(answer.body()).contains(body.getValue());
    }
    HttpResponse<String> snapshot =
        post("/api/v1/ingest/snapshots", instance, zipped("{\"node\":\"\"}"));
    assertThat(snapshot.statusCode()).isEqualTo(400);
  }

  @Test
  void zeroCharactersAreReplacedAndTheirSpellingIsNot() throws Exception {
    String id = ids.next();
    InspectionRecord odd = inspection(id, "nul\u0000route");
    send("nul", 1, List.of(odd, completion(id)));
    assertThat(get("/api/v1/exchanges/" + id, admin).body()).contains("nul\ufffdroute");
    String spelt = ids.next();
    send("nul", 2, List.of(inspection(spelt, "nul\\u0000\ud800route"), completion(spelt)));
    assertThat(get("/api/v1/exchanges/" + spelt, admin).body()).contains("nul\\\\u0000?route");
  }

  @Test
  void twoSendersOfOneBatchAreCountedOnce() throws Exception {
    String id = ids.next();
    List<TelemetryRecord> records = List.of(inspection(id, "raced"), completion(id));
    ExecutorService senders = Executors.newFixedThreadPool(8);
    try {
      List<Future<String>> answers =
          senders.invokeAll(Collections.nCopies(8, () -> send("raced", 1, records).body()));
      int fresh = 0;
      for (Future<String> answer : answers) {
        fresh += answer.get().contains("\"duplicate\":false") ? 1 : 0;
      }
      assertThat(fresh).isEqualTo(1);
    } finally {
      senders.shutdownNow();
    }
    assertThat(sum("llmtrace_requests_total", "route=\"raced\"")).isEqualTo(1);
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
      await(() -> get("/readyz", "").statusCode() == 503);
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
      await(() -> get("/readyz", "").statusCode() == 200);
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

  private static void await(Callable<Boolean> condition) throws Exception {
    for (int i = 0; i < 600 && !condition.call(); i++) {
      Thread.sleep(100);
    }
    assertThat(condition.call()).isTrue();
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
    await(() -> sum("llmtrace_requests_total", "route=\"sweep\",status=\"000\"") == 1);
    await(() -> sum("llmtrace_requests_total", "route=\"unknown\"") == unknown + 1);

    send("sweep", 2, List.of(completion(unanswered), inspection(unasked, "sweep")));
    assertThat(get("/api/v1/exchanges/" + unanswered, admin).body()).contains("\"completed\"");
    assertThat(sum("llmtrace_requests_total", "route=\"sweep\"")).isEqualTo(1);
    assertThat(sum("llmtrace_requests_total", "route=\"unknown\"")).isEqualTo(unknown + 1);
  }

  @Test
  void anExchangeWithoutATapIsClosedWithoutWaiting() throws Exception {
    String id = ids.next();
    send("no-tap", 1, List.of(inspection(id, "no-tap", false)));
    assertThat(get("/api/v1/exchanges/" + id, admin).body()).contains("\"unobserved\"");
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
    for (int i = 0; i < 1_200 && get("/readyz", "").statusCode() != 200; i++) {
      Thread.sleep(100);
    }
    assertThat(get("/readyz", "").statusCode()).isEqualTo(200);
  }

  private static InspectionRecord inspection(String id, String route) {
    return inspection(id, route, true);
  }

  private static InspectionRecord inspection(String id, String route, boolean tap) {
    return new InspectionRecord(
        id,
        1,
        "0af7651916cd43dd8448eb211c80319c",
        "default",
        route,
        "",
        "POST",
        "/v1/x",
        Dialect.OPENAI_CHAT,
        "openai",
        "gpt-4o",
        false,
        new Decision(Action.BLOCK, Action.BLOCK, Mode.ENFORCE, "p", "r", 0, "prompt_injection"),
        List.of(
            new Finding(
                FindingType.PROMPT_INJECTION,
                Severity.HIGH,
                0.9,
                Zone.USER,
                "/m",
                0,
                3,
                "s",
                "pi",
                "***")),
        new Receipt(Coverage.INSPECTED, "", 1, 1, 10, List.of()),
        Map.of("total", 900L),
        tap);
  }

  private static CompletionRecord completion(String id) {
    return completion(id, List.of(), null, null);
  }

  private static CompletionRecord completion(
      String id, List<Finding> findings, Receipt receipt, RefusedBy refusal) {
    return new CompletionRecord(
        id,
        2,
        200,
        120.0,
        100.0,
        "gpt-4o",
        new Usage(3, 4),
        "stop",
        null,
        false,
        findings,
        receipt,
        refusal);
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
    return zipped(WireJson.mapper().writeValueAsString(value));
  }

  private static byte[] zipped(String json) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(json.getBytes(StandardCharsets.UTF_8));
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
