package io.llmtrace.controlplane.ingest;

import static io.llmtrace.controlplane.TestControlPlane.json;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.Records;
import io.llmtrace.controlplane.Records.Who;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.detect.RefusedBy;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Records as nodes send them, and what is to be read of them afterwards. */
@ExtendWith(TestControlPlane.Extension.class)
class IngestResourceTest {
  private static final Ulid IDS = new Ulid();
  private static TestControlPlane plane;
  private static String instance;

  @BeforeAll
  static void use(TestControlPlane given) throws Exception {
    plane = given;
    instance = given.key("instance", "*");
  }

  @Test
  void anExchangeIsJoinedWhicheverHalfComesFirst() throws Exception {
    String first = IDS.next();
    String second = IDS.next();
    send("join", 1, List.of(attack(first, "join"), completion(second)));
    assertThat(get("/api/v1/exchanges/" + first).body()).contains("\"open\"");
    send("join", 2, List.of(completion(first), attack(second, "join")));

    for (String id : List.of(first, second)) {
      assertThat(get("/api/v1/exchanges/" + id).body())
          .contains("\"completed\"", "prompt_injection");
    }
    assertThat(sum("llmtrace_requests_total", "route=\"join\"")).isEqualTo(2);
    assertThat(get("/api/v1/findings?route=join&limit=1").body()).contains("\"next\"");
  }

  @Test
  void aBatchThatComesTwiceIsCountedOnce() throws Exception {
    String id = IDS.next();
    List<TelemetryRecord> records = List.of(attack(id, "twice"), completion(id));
    assertThat(send("twice", 1, records).body()).contains("\"duplicate\":false");
    assertThat(send("twice", 1, records).body()).contains("\"duplicate\":true");
    // The same records in another batch are known by their decision id.
    assertThat(send("twice", 2, records).body()).contains("\"duplicate\":false");
    assertThat(sum("llmtrace_requests_total", "route=\"twice\"")).isEqualTo(1);
  }

  @Test
  void twoSendersOfOneBatchAreCountedOnce() throws Exception {
    String id = IDS.next();
    List<TelemetryRecord> records = List.of(attack(id, "raced"), completion(id));
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
  void anExchangeWithoutATapIsClosedWithoutWaiting() throws Exception {
    String id = IDS.next();
    send("no-tap", 1, List.of(changed(attack(id, "no-tap"), false, "")));
    assertThat(get("/api/v1/exchanges/" + id).body()).contains("\"unobserved\"");
  }

  @Test
  void aBodyThatWouldTakeTheMemoryIsRefusedBeforeItIsMade() throws Exception {
    long heap = Runtime.getRuntime().maxMemory();
    int elements = (int) Math.min(20_000_000, heap / 16 / JsonWeight.VALUE + 1_000);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(packed)) {
      out.write("{\"schema\":1,\"records\":[{\"texts\":[".getBytes(UTF_8));
      byte[] some = "{},".repeat(1_000).getBytes(UTF_8);
      for (int i = 0; i < elements; i += 1_000) {
        out.write(some);
      }
      out.write("{}]}]}".getBytes(UTF_8));
    }
    assertThat(packed.size()).as("bytes on the wire").isLessThan(400_000);
    for (String path : List.of("batches", "content", "snapshots")) {
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(
                          URI.create(
                              "http://127.0.0.1:"
                                  + plane.service().port()
                                  + "/api/v1/ingest/"
                                  + path))
                      .header("Authorization", "Bearer " + instance)
                      .header("Content-Type", "application/json")
                      .header("Content-Encoding", "gzip")
                      .POST(HttpRequest.BodyPublishers.ofByteArray(packed.toByteArray()))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(path + " " + answer.body()).isEqualTo(413);
    }
  }

  @Test
  void exchangesOfAConversationAreFoundByIt() throws Exception {
    String id = IDS.next();
    String conversation = UUID.randomUUID().toString().replace("-", "");
    send("talk", 1, List.of(changed(attack(id, "talk"), true, conversation)));
    assertThat(get("/api/v1/exchanges?conversation=" + conversation).body()).contains(id);
    assertThat(get("/api/v1/conversations/" + conversation).body()).contains(id, "\"requests\":1");
  }

  @Test
  void findingsOfAnAnswerAreStoredBesideThoseOfItsRequestWhicheverHalfComesFirst()
      throws Exception {
    String together = IDS.next();
    String answerLast = IDS.next();
    String answerFirst = IDS.next();
    String leaks = "type=\"system_prompt_leak\"";
    String flagged = "action=\"flag\",severity=\"high\"," + leaks;
    double before = sum("llmtrace_security_findings_total", leaks);
    double flaggedBefore = sum("llmtrace_security_findings_total", flagged);
    double answers = sum("llmtrace_answers_total", "coverage=\"inspected\"");
    double refused = sum("llmtrace_refusals_total", "by=\"model\"");
    double refusedByOpenai = sum("llmtrace_refusals_total", "provider=\"openai\"");
    send(
        "answers",
        1,
        List.of(attack(together, "answers"), badAnswer(together), attack(answerLast, "answers")));
    send("answers", 2, List.of(badAnswer(answerLast), badAnswer(answerFirst)));
    assertThat(answerFindings("answers")).as("an answer waits for its request").hasSize(4);
    // Counted when it came, whether or not it can be shown yet.
    assertThat(sum("llmtrace_security_findings_total", leaks)).isEqualTo(before + 3);
    List<TelemetryRecord> last = List.of(attack(answerFirst, "answers"));
    send("answers", 3, last);
    // Once more, in the same batch and in others.
    send("answers", 3, last);
    send("answers", 4, List.of(badAnswer(answerFirst), attack(together, "answers")));
    send("answers", 5, List.of(badAnswer(together), badAnswer(answerLast)));

    List<JsonNode> stored = answerFindings("answers");
    assertThat(stored).hasSize(6);
    assertThat(stored)
        .extracting(finding -> finding.path("decision_id").asText())
        .containsOnly(together, answerLast, answerFirst);
    assertThat(sum("llmtrace_security_findings_total", leaks)).isEqualTo(before + 3);
    assertThat(sum("llmtrace_security_findings_total", flagged)).isEqualTo(flaggedBefore + 3);
    assertThat(sum("llmtrace_answers_total", "coverage=\"inspected\"")).isEqualTo(answers + 3);
    assertThat(sum("llmtrace_refusals_total", "by=\"model\"")).isEqualTo(refused + 3);
    assertThat(sum("llmtrace_refusals_total", "provider=\"openai\""))
        .isEqualTo(refusedByOpenai + 3);

    JsonNode exchange = json(get("/api/v1/exchanges/" + answerFirst));
    assertThat(exchange.path("findings"))
        .extracting(f -> f.path("origin").asText() + " " + f.path("type").asText())
        .containsExactly(
            "request prompt_injection", "answer system_prompt_leak", "answer pii_detected");
    assertThat(exchange.at("/completion/receipt/coverage").asText()).isEqualTo("inspected");
    assertThat(exchange.at("/completion/refusal").asText()).isEqualTo("model");
    assertThat(get("/api/v1/findings?route=answers&origin=request&limit=500").body())
        .contains("prompt_injection")
        .doesNotContain("system_prompt_leak");
  }

  @Test
  void anAnswerThatComesTooLateToCountItsRequestIsStoredAllTheSame() throws Exception {
    String id = IDS.next();
    send("late-answer", 1, List.of(attack(id, "late-answer")));
    plane.sql(
        "INSERT INTO settled_late (decision_id, day, by) VALUES ('"
            + id
            + "', current_date, 'sweep')");
    plane.sql(
        "UPDATE exchanges SET received_at = now() - interval '16 minutes' WHERE decision_id = '"
            + id
            + "'");
    send("late-answer", 2, List.of(badAnswer(id)));
    assertThat(answerFindings("late-answer")).hasSize(2);
  }

  @Test
  void recordsOfANodeThatDoesNotReadAnswersAreTakenAsBefore() throws Exception {
    String id = IDS.next();
    ObjectNode json = batch("old", attack(id, "old"), completion(id));
    ((ObjectNode) json.at("/records/0")).remove("conversation");
    ((ObjectNode) json.at("/records/1")).remove(List.of("findings", "receipt", "refusal"));
    double answers = sum("llmtrace_answers_total", "coverage=");
    assertThat(post("/api/v1/ingest/batches", json.toString()).statusCode()).isEqualTo(200);
    assertThat(get("/api/v1/exchanges/" + id).body()).contains("\"completed\"");
    assertThat(sum("llmtrace_requests_total", "route=\"old\"")).isEqualTo(1);
    assertThat(sum("llmtrace_answers_total", "coverage=")).isEqualTo(answers);
    assertThat(answerFindings("old")).isEmpty();
  }

  @Test
  void oneBadRecordIsCountedAndLeavesTheOthersAlone() throws Exception {
    String good = IDS.next();
    String bad = IDS.next();
    ObjectNode json = batch("bad-record", attack(good, "bad-record"), attack(bad, "bad-record"));
    ((ObjectNode) json.at("/records/1/findings/0")).remove("severity");
    double before = sum("llmtrace_events_lost_total", "reason=\"invalid_record\"");
    HttpResponse<String> answer = post("/api/v1/ingest/batches", json.toString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(get("/api/v1/exchanges/" + good).statusCode()).isEqualTo(200);
    assertThat(get("/api/v1/exchanges?route=bad-record").body()).contains(good).doesNotContain(bad);
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
      HttpResponse<String> answer = post("/api/v1/ingest/batches", body.getKey());
      assertThat(answer.statusCode()).as(body.getKey()).isEqualTo(400);
      assertThat(answer.body()).contains(body.getValue());
    }
    assertThat(post("/api/v1/ingest/snapshots", "{\"node\":\"\"}").statusCode()).isEqualTo(400);
  }

  @Test
  void zeroCharactersAreReplacedAndTheirSpellingIsNot() throws Exception {
    String id = IDS.next();
    send("nul", 1, List.of(attack(id, "nul\u0000route"), completion(id)));
    assertThat(get("/api/v1/exchanges/" + id).body()).contains("nul\ufffdroute");
    String spelt = IDS.next();
    send("nul", 2, List.of(attack(spelt, "nul\\u0000\ud800route"), completion(spelt)));
    assertThat(get("/api/v1/exchanges/" + spelt).body()).contains("nul\\\\u0000?route");
  }

  private static InspectionRecord attack(String id, String route) {
    return Records.inspection(
        id,
        Who.tenant("default").withRoute(route),
        Action.BLOCK,
        Coverage.INSPECTED,
        List.of(Records.finding(FindingType.PROMPT_INJECTION, Severity.HIGH)));
  }

  private static InspectionRecord changed(
      InspectionRecord plain, boolean tap, String conversation) {
    return new InspectionRecord(
        plain.decisionId(),
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
        tap,
        "",
        0,
        conversation);
  }

  private static CompletionRecord completion(String id) {
    return Records.completion(id, 200, 120, null, List.of());
  }

  private static CompletionRecord badAnswer(String id) {
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
        List.of(
            said(FindingType.SYSTEM_PROMPT_LEAK, Severity.HIGH),
            said(FindingType.PII_DETECTED, Severity.MEDIUM)),
        new Receipt(Coverage.INSPECTED, "", 1, 1, 9, List.of()),
        RefusedBy.MODEL);
  }

  private static Finding said(FindingType type, Severity severity) {
    return new Finding(type, severity, 0.9, Zone.ASSISTANT, "/c", 0, 3, "d", "r", "e");
  }

  /** As JSON that a test may damage. */
  private static ObjectNode batch(String node, TelemetryRecord... records) throws Exception {
    Batch batch = new Batch(Batch.SCHEMA, node, "boot", 1, List.of(records));
    ObjectNode json =
        (ObjectNode) WireJson.mapper().readTree(WireJson.mapper().writeValueAsBytes(batch));
    assertThat((ArrayNode) json.get("records")).allMatch(record -> record.has("kind"));
    return json;
  }

  private static HttpResponse<String> send(
      String node, long sequence, List<TelemetryRecord> records) throws Exception {
    Batch batch = new Batch(Batch.SCHEMA, node, "boot", sequence, records);
    HttpResponse<String> answer =
        post("/api/v1/ingest/batches", WireJson.mapper().writeValueAsString(batch));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer;
  }

  private static List<JsonNode> answerFindings(String route) throws Exception {
    JsonNode page = json(get("/api/v1/findings?origin=answer&limit=500&route=" + route));
    List<JsonNode> items = new ArrayList<>();
    page.path("items").forEach(items::add);
    return items;
  }

  private static double sum(String metric, String label) throws Exception {
    return plane
        .call("GET", "/metrics", "", null)
        .body()
        .lines()
        .filter(line -> line.startsWith(metric + "{") && line.contains(label))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return plane.call("GET", path, plane.admin(), null);
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    return plane.call("POST", path, instance, body);
  }
}
