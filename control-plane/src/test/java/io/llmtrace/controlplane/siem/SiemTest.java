package io.llmtrace.controlplane.siem;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.controlplane.Await;
import io.llmtrace.controlplane.Records;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Grant;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.ingest.ExchangeListener;
import io.llmtrace.controlplane.ingest.Ingest;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.controlplane.storage.RetentionClass;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.controlplane.tenants.ListedTenants;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.config.SiemConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

// Sinks work while they are open; nobody calls them.
@SuppressWarnings("try")
@ExtendWith(TestStorage.Extension.class)
class SiemTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path directory;

  private final TestStorage database;
  private final Ulid ids = new Ulid();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final AtomicInteger status = new AtomicInteger(200);
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final List<Map<String, List<String>>> heads = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private Ingest ingest;
  private long sequence;
  private SiemConfig.Waiting bounds = SiemConfig.Waiting.DEFAULT;

  SiemTest(TestStorage database) {
    this.database = database;
  }

  @BeforeEach
  void start() throws Exception {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
          if (status.get() == 200) {
            heads.add(Map.copyOf(exchange.getRequestHeaders()));
            lines.addAll(body.lines().toList());
          }
          exchange.sendResponseHeaders(status.get(), -1);
          exchange.close();
        });
    server.start();
    ingest =
        new Ingest(
            database::jdbi,
            new ListedTenants(),
            new Totals("siem-" + ids.next()),
            new Partitions(Clock.systemUTC(), Map.of(RetentionClass.STANDARD, 30)),
            tenant -> RetentionClass.STANDARD,
            ExchangeListener.NONE);
  }

  @AfterEach
  void stop() {
    ingest.close();
    server.stop(0);
  }

  private Siem siem(Severity least, SiemConfig.SinkConfig... sinks) {
    Siem siem =
        new Siem(
            new SiemConfig(least, List.of(sinks), Set.of("127.0.0.1"), bounds),
            database::jdbi,
            meters,
            Clock.systemUTC(),
            20_000,
            Duration.ofMillis(50));
    siem.start();
    return siem;
  }

  private SiemConfig.Webhook webhook() {
    return new SiemConfig.Webhook(
        Secret.of("http://127.0.0.1:" + server.getAddress().getPort() + "/in"),
        Secret.of("signing-secret"),
        SiemConfig.Form.NDJSON);
  }

  /** Stores an exchange with findings, and gives their ids. */
  private List<String> find(Severity... severities) {
    String id = ids.next();
    List<String> found = new ArrayList<>();
    for (int i = 0; i < severities.length; i++) {
      found.add(id + ".request." + (i + 1));
    }
    InspectionRecord record =
        Records.inspection(
            id,
            Records.Who.tenant("acme"),
            Action.FLAG,
            Coverage.INSPECTED,
            List.of(severities).stream()
                .map(each -> Records.finding(FindingType.PROMPT_INJECTION, each))
                .toList());
    Caller caller =
        new Caller(
            "key",
            Caller.Kind.KEY,
            "key",
            List.of(new Grant(Role.INSTANCE, TenantScope.all())),
            Set.of(),
            new Origin("127.0.0.1", "", "r"));
    var unused =
        ingest.accept(
            caller, new Batch(Batch.SCHEMA, "gw", ids.next(), ++sequence, List.of(record)));
    return found;
  }

  private static List<String> uids(List<String> json) {
    return json.stream().map(SiemTest::uid).toList();
  }

  private static String uid(String json) {
    try {
      JsonNode event = WireJson.mapper().readTree(json);
      assertThat(event.path("class_uid").asInt()).isEqualTo(2004);
      return event.path("metadata").path("uid").asText();
    } catch (java.io.IOException e) {
      throw new AssertionError(json, e);
    }
  }

  private long waiting() {
    return database
        .jdbi()
        .withHandle(
            handle ->
                handle.createQuery("SELECT count(*) FROM siem_outbox").mapTo(Long.class).one());
  }

  private void registered() throws Exception {
    Await.until(
        SOON,
        () ->
            database
                    .jdbi()
                    .withHandle(
                        handle ->
                            handle
                                .createQuery("SELECT count(*) FROM siem_sinks")
                                .mapTo(Long.class)
                                .one())
                > 0);
  }

  @Test
  void aSinkThatWasDownGetsAllOfItOnceItIsBack() throws Exception {
    List<String> found = new ArrayList<>();
    try (Siem siem = siem(Severity.INFO, webhook())) {
      registered();
      status.set(503);
      for (int i = 0; i < 40; i++) {
        found.addAll(find(Severity.HIGH, Severity.LOW));
      }
      Await.until(
          SOON,
          () -> meters.find("llmtrace.siem.failures").tag("sink", "webhook").counter() != null);
      assertThat(lines).isEmpty();
      assertThat(waiting()).isEqualTo(80);
    }
    // Another process goes on where that one ended.
    status.set(200);
    found.addAll(find(Severity.CRITICAL));
    try (Siem siem = siem(Severity.INFO, webhook())) {
      // What is put off for a failing sink holds for all replicas.
      database.jdbi().useHandle(h -> h.execute("UPDATE siem_sinks SET next_at = '-infinity'"));
      Await.until(SOON, () -> lines.size() >= 81 && waiting() == 0);
    }
    assertThat(uids(lines)).containsExactlyElementsOf(found);
    assertThat(heads.get(0).get("Webhook-signature").get(0)).startsWith("v1,");
    assertThat(heads.get(0).get("Webhook-id").get(0)).startsWith("siem_");
  }

  @Test
  void whatIsNotSevereEnoughIsNotSentAndAFileIsItsOwnersAlone() throws Exception {
    Path file = directory.resolve("out/findings.ndjson");
    List<String> found = new ArrayList<>();
    try (Siem siem = siem(Severity.MEDIUM, new SiemConfig.File(file, 4_096, 2))) {
      registered();
      for (int i = 0; i < 12; i++) {
        found.add(find(Severity.HIGH, Severity.INFO).get(0));
        Await.until(SOON, () -> waiting() == 0);
      }
    }
    List<String> all = new ArrayList<>();
    for (String name : List.of("findings.ndjson.2", "findings.ndjson.1", "findings.ndjson")) {
      Path each = file.resolveSibling(name);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
          .isEqualTo("rw-------");
      assertThat(Files.size(each)).isLessThanOrEqualTo(4_096);
      all.addAll(Files.readAllLines(each));
    }
    assertThat(uids(all)).as("the newest; older files are gone").endsWith(found.get(11));
    assertThat(found).containsSubsequence(uids(all));
  }

  @Test
  void whatWaitsIsBoundedAndWhatIsGivenUpIsCounted() throws Exception {
    List<String> found = new ArrayList<>();
    status.set(503);
    try (Siem siem = siem(Severity.INFO, webhook())) {
      registered();
      for (int i = 0; i < 10; i++) {
        found.addAll(find(Severity.HIGH));
      }
    }
    assertThat(waiting()).isEqualTo(10);
    database
        .jdbi()
        .useHandle(
            h ->
                h.execute(
                    "UPDATE siem_outbox SET created_at = now() - interval '3 hours' WHERE id IN"
                        + " (SELECT id FROM siem_outbox ORDER BY id LIMIT 2)"));
    bounds = new SiemConfig.Waiting(5, Duration.ofHours(2));
    // The sink is still put off, which keeps nothing from being given up.
    database.jdbi().useHandle(h -> h.execute("UPDATE siem_sinks SET next_at = 'infinity'"));
    try (Siem siem = siem(Severity.INFO, webhook())) {
      Await.until(SOON, () -> waiting() == 5);
      status.set(200);
      database.jdbi().useHandle(h -> h.execute("UPDATE siem_sinks SET next_at = '-infinity'"));
      Await.until(SOON, () -> waiting() == 0);
    }
    assertThat(uids(lines)).as("the newest").containsExactlyElementsOf(found.subList(5, 10));
    assertThat(lost("rows")).isEqualTo(3);
    assertThat(lost("age")).isEqualTo(2);
  }

  private double lost(String reason) {
    return meters
        .get("llmtrace.siem.lost")
        .tags("sink", "webhook", "reason", reason)
        .counter()
        .count();
  }

  @Test
  void aChangedFindingIsToldAgainAndAClosedOneAsClosed() throws Exception {
    try (Siem siem = siem(Severity.INFO, webhook())) {
      registered();
      String id = find(Severity.HIGH).get(0).substring(0, 26);
      Await.until(SOON, () -> lines.size() == 1);
      database
          .jdbi()
          .useHandle(
              handle ->
                  handle.execute(
                      "INSERT INTO finding_states (decision_id, origin, place, day, tenant, state,"
                          + " comment, revision, changed_by) VALUES (?, 'request', 1,"
                          + " llmtrace_ulid_day(?), 'acme', 'resolved', '', 1, 'key:x')",
                      id,
                      id));
      Await.until(SOON, () -> lines.size() == 2);
      assertThat(WireJson.mapper().readTree(lines.get(1)).path("activity_name").asText())
          .isEqualTo("Close");
    }
    // A replica with another configuration is no reason to forget a sink; an hour without one is.
    database
        .jdbi()
        .useHandle(h -> h.execute("UPDATE siem_sinks SET seen_at = now() - interval '2 hours'"));
    try (Siem none = siem(Severity.INFO)) {
      Await.until(
          SOON,
          () ->
              database
                      .jdbi()
                      .withHandle(
                          h ->
                              h.createQuery("SELECT count(*) FROM siem_sinks")
                                  .mapTo(Long.class)
                                  .one())
                  == 0);
      find(Severity.HIGH);
      assertThat(waiting()).as("nobody is to get it").isZero();
    }
  }

  @Test
  void anAnomalyIsToldWhenItComesGetsWorseAndIsClosedButNotEachHour() throws Exception {
    String id = ids.next();
    try (Siem siem = siem(Severity.MEDIUM, webhook())) {
      registered();
      sql(
          "INSERT INTO anomalies (id, tenant, type, severity, dimension, key, key2, measure,"
              + " started_at, last_at, hours, excess, peak_at, observed, expected_low,"
              + " expected_mid, expected_high, expected_limit, score, baseline) VALUES ('%s',"
              + " 'acme', 'cost_spike', 'medium', 'model', 'openai', 'gpt-x', 'cost_usd', now(),"
              + " now(), 1, 9, now(), 10, 0.5, 1, 2, 3, 4.5, '{\"season\": \"week\", \"days\": 35,"
              + " \"level\": 1.1, \"deviation\": 0.5, \"sensitivity\": \"medium\"}')",
          id);
      Await.until(SOON, () -> lines.size() == 1);
      sql("UPDATE anomalies SET hours = 2, excess = 20 WHERE id = '%s'", id);
      assertThat(waiting()).as("one more hour is no news").isZero();
      sql("UPDATE anomalies SET severity = 'high' WHERE id = '%s'", id);
      Await.until(SOON, () -> lines.size() == 2);
      sql("UPDATE anomalies SET state = 'resolved', revision = 1 WHERE id = '%s'", id);
      Await.until(SOON, () -> lines.size() == 3);
    }
    assertThat(uids(lines)).containsExactly(id, id, id);
    List<String> activities = new ArrayList<>();
    for (String line : lines) {
      JsonNode event = WireJson.mapper().readTree(line);
      activities.add(event.path("activity_name").asText() + " " + event.path("severity").asText());
      assertThat(event.at("/resources/0/uid").asText()).isEqualTo("openai/gpt-x");
    }
    assertThat(activities).containsExactly("Create Medium", "Update High", "Close High");
  }

  private void sql(String statement, String id) {
    database.jdbi().useHandle(handle -> handle.execute(statement.formatted(id)));
  }
}
