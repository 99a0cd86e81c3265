package io.llmtrace.controlplane.anomalies;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.controlplane.findings.OcsfSchema;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class AnomaliesResourceTest {
  private static final String ALL = "/api/v1/anomalies?agent=of-this-test";

  private static TestControlPlane plane;
  private static String analyst;
  private static final List<String> ids = new ArrayList<>();

  @BeforeAll
  static void some(TestControlPlane given) throws Exception {
    plane = given;
    analyst = plane.key("analyst", OWN);
    // Ids of one millisecond are in no order.
    long now = System.currentTimeMillis();
    for (int i = 0; i < 4; i++) {
      ids.add(Ulid.of(now + i, i, i));
      plane.sql(
          """
          INSERT INTO anomalies (id, tenant, type, severity, dimension, key, key2, measure, started_at,
            last_at, ended_at, hours, excess, peak_at, observed, expected_low, expected_mid,
            expected_high, expected_limit, score, baseline)
          VALUES ('%s', '%s', '%s', '%s', 'agent', 'of-this-test', '', '%s', '2026-03-0%d', now(), %s,
            2, 9, '2026-03-01', 10, 0.5, 1, 2, 3, 4.5, '{"season": "week", "days": 35, "level": 1.1,
            "deviation": 0.5, "sensitivity": "medium"}')
          """
              .formatted(
                  ids.get(i),
                  i == 3 ? FOREIGN : OWN,
                  i == 1 ? "token_spike" : "cost_spike",
                  i == 1 ? "medium" : "high",
                  i == 1 ? "tokens" : "cost_usd",
                  i + 1,
                  i == 0 ? "now()" : "NULL"));
    }
  }

  private static List<String> ids(String path) throws Exception {
    HttpResponse<String> answer = plane.call("GET", path, analyst, null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    List<String> found = new ArrayList<>();
    json(answer).path("items").forEach(each -> found.add(each.path("id").asText()));
    return found;
  }

  @Test
  void listsTheNewestFirstAndNothingForeign() throws Exception {
    assertThat(ids(ALL)).containsExactly(ids.get(2), ids.get(1), ids.get(0));
    JsonNode page = json(plane.call("GET", ALL + "&limit=2", analyst, null));
    assertThat(page.path("items")).hasSize(2);
    assertThat(ids(ALL + "&limit=2&cursor=" + page.path("next").asText()))
        .containsExactly(ids.get(0));
  }

  @Test
  void eachFilterFindsWhatItSays() throws Exception {
    assertThat(ids(ALL + "&type=token_spike")).containsExactly(ids.get(1));
    assertThat(ids(ALL + "&severity=high")).containsExactly(ids.get(2), ids.get(0));
    assertThat(ids(ALL + "&measure=tokens")).containsExactly(ids.get(1));
    assertThat(ids(ALL + "&running=true")).containsExactly(ids.get(2), ids.get(1));
    assertThat(ids(ALL + "&running=false")).containsExactly(ids.get(0));
    assertThat(ids(ALL + "&since=2026-03-02&until=2026-03-03")).containsExactly(ids.get(1));
    assertThat(ids(ALL + "&dimension=model")).isEmpty();
    assertThat(ids(ALL + "&model=m")).isEmpty();
    assertThat(ids(ALL + "&tenant=" + FOREIGN)).isEmpty();
    for (String wrong :
        List.of("type=x", "severity=x", "dimension=route", "running=1", "state=x", "since=x")) {
      HttpResponse<String> answer = plane.call("GET", "/api/v1/anomalies?" + wrong, analyst, null);
      assertThat(answer.statusCode()).as(wrong).isEqualTo(400);
      assertThat(answer.body()).contains(wrong.substring(0, wrong.indexOf('=')) + ": expected");
    }
  }

  @Test
  void showsTheBaseline() throws Exception {
    HttpResponse<String> answer =
        plane.call("GET", "/api/v1/anomalies/" + ids.get(2), analyst, null);
    JsonNode anomaly = json(answer);
    assertThat(anomaly.path("agent").asText()).isEqualTo("of-this-test");
    assertThat(anomaly.path("expected").path("limit").asDouble()).isEqualTo(3);
    assertThat(anomaly.path("baseline").path("season").asText()).isEqualTo("week");
    assertThat(anomaly.path("baseline").path("days").asInt()).isEqualTo(35);
    assertThat(anomaly.path("started_at").asLong()).isEqualTo(1_772_496_000_000L);
    assertThat(answer.headers().firstValue("ETag")).hasValue("\"0\"");
  }

  @Test
  void aStateIsGivenOnceByWhoHasReadTheOneBefore() throws Exception {
    String path = "/api/v1/anomalies/" + ids.get(0);
    String body = "{\"state\":\"false_positive\",\"comment\":\"a migration\"}";
    assertThat(plane.call("PATCH", path, analyst, body).statusCode()).isEqualTo(428);
    HttpResponse<String> done = plane.call("PATCH", path, analyst, body, "If-Match", "\"0\"");
    assertThat(done.statusCode()).as(done.body()).isEqualTo(200);
    assertThat(done.headers().firstValue("ETag")).hasValue("\"1\"");
    assertThat(json(done).path("state").asText()).isEqualTo("false_positive");
    assertThat(plane.call("PATCH", path, analyst, body, "If-Match", "\"0\"").statusCode())
        .isEqualTo(412);
    JsonNode change = json(plane.call("GET", path + "/changes", analyst, null)).at("/items/0");
    assertThat(change.path("comment").asText()).isEqualTo("a migration");
    assertThat(ids(ALL + "&state=false_positive")).containsExactly(ids.get(0));
    assertThat(plane.query("SELECT tenant FROM audit WHERE target = 'anomaly:" + ids.get(0) + "'"))
        .isEqualTo(OWN);
    String viewer = plane.key("viewer", OWN);
    assertThat(plane.call("PATCH", path, viewer, body, "If-Match", "*").statusCode())
        .isEqualTo(403);
  }

  @Test
  void anExportHasWhatTheListHasInEveryForm() throws Exception {
    String all = "/api/v1/anomalies/export?agent=of-this-test&running=true";
    HttpResponse<String> ndjson = plane.call("GET", all, analyst, null);
    assertThat(ndjson.statusCode()).as(ndjson.body()).isEqualTo(200);
    List<JsonNode> rows = new ArrayList<>();
    for (String line : ndjson.body().lines().toList()) {
      rows.add(WireJson.mapper().readTree(line));
    }
    assertThat(rows)
        .extracting(row -> row.path("id").asText())
        .containsExactly(ids.get(2), ids.get(1));
    assertThat(rows.get(0))
        .isEqualTo(json(plane.call("GET", "/api/v1/anomalies/" + ids.get(2), analyst, null)));

    List<String> csv =
        plane.call("GET", all + "&format=csv", analyst, null).body().lines().toList();
    assertThat(csv).hasSize(3);
    assertThat(csv.get(0)).startsWith("\"id\",\"tenant\"").contains("\"expected_limit\"");
    assertThat(csv.get(1)).contains(ids.get(2), "cost_usd", "week");

    JsonNode schema = OcsfSchema.detectionFinding();
    List<String> events =
        plane.call("GET", all + "&format=ocsf", analyst, null).body().lines().toList();
    assertThat(events).hasSize(2);
    for (String line : events) {
      assertThat(OcsfSchema.problems(schema, WireJson.mapper().readTree(line), "")).isEmpty();
    }
    JsonNode event = WireJson.mapper().readTree(events.get(0));
    assertThat(event.at("/finding_info/uid").asText()).isEqualTo(ids.get(2));
    assertThat(event.at("/finding_info/analytic/type").asText()).isEqualTo("Statistical");
    assertThat(event.at("/resources/0/type").asText()).isEqualTo("Agent");
    assertThat(event.at("/evidences/0/data/expected/limit").asDouble()).isEqualTo(3);
    assertThat(event.path("activity_name").asText()).isEqualTo("Create");

    assertThat(plane.call("GET", all + "&format=xml", analyst, null).body())
        .contains("format: expected one of ndjson, csv, ocsf");
    assertThat(plane.call("GET", all + "&tenant=" + FOREIGN, analyst, null).body()).isEmpty();
    assertThat(plane.call("GET", all, plane.key("viewer", OWN), null).statusCode()).isEqualTo(403);
    assertThat(plane.query("SELECT count(*) FROM audit WHERE action = 'anomalies.export'"))
        .isNotEqualTo("0");
  }
}
