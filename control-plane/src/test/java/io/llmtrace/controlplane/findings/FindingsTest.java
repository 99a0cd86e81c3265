package io.llmtrace.controlplane.findings;

import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.StoredRows;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.id.Ulid;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class FindingsTest {
  private static TestControlPlane plane;
  private static StoredRows rows;

  @BeforeAll
  static void take(TestControlPlane given) {
    plane = given;
    rows = new StoredRows(given);
  }

  @Test
  void eachFilterFindsWhatItSays() throws Exception {
    String first = Ulid.of(Instant.parse("2026-05-01T10:00:00Z").toEpochMilli(), 1, 1);
    String second = Ulid.of(Instant.parse("2026-05-02T10:00:00Z").toEpochMilli(), 1, 2);
    rows.finding(first, "ff", "request", 1, "jailbreak", "high", "Please *** the house rules")
        .finding(first, "ff", "answer", 1, "pii_detected", "low", "card 4*** ****")
        .finding(second, "ff", "request", 1, "prompt_injection", "critical", "ignore house")
        .finding(second, "ff", "request", 2, "prompt_injection", "medium", "x");
    String a = first + ".request.1";
    String b = first + ".answer.1";
    String c = second + ".request.1";
    String d = second + ".request.2";
    Map<String, List<String>> expected = new LinkedHashMap<>();
    expected.put("", List.of(d, c, a, b));
    expected.put("order=oldest", List.of(b, a, c, d));
    expected.put("type=prompt_injection", List.of(d, c));
    expected.put("severity=high", List.of(c, a));
    expected.put("severity=info", List.of(d, c, a, b));
    expected.put("origin=answer", List.of(b));
    expected.put("state=open&origin=answer", List.of(b));
    expected.put("state=resolved", List.of());
    expected.put("rule=pi-001&detector=signatures:override", List.of(d, c, a, b));
    expected.put("rule=other", List.of());
    expected.put("zone=user", List.of(d, c, a, b));
    expected.put("zone=document", List.of());
    expected.put("decision_id=" + first, List.of(a, b));
    expected.put("since=2026-05-02", List.of(d, c));
    expected.put("until=2026-05-02", List.of(a, b));
    expected.put("q=house", List.of(c, a));
    expected.put("q=house%20-rules", List.of(c));
    expected.put("q=%22house%20rules%22", List.of(a));
    expected.put("q=card%20or%20rules&severity=high", List.of(a));
    for (Map.Entry<String, List<String>> one : expected.entrySet()) {
      assertThat(all("tenant=ff&" + one.getKey())).as(one.getKey()).isEqualTo(one.getValue());
    }
    // Pages that end inside one exchange.
    List<String> paged = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = list("tenant=ff&limit=1" + cursor);
      paged.addAll(ids(page));
      cursor = page.has("next") ? "&cursor=" + page.path("next").asText() : "";
    } while (!cursor.isEmpty());
    assertThat(paged).containsExactly(d, c, a, b);
    for (String wrong :
        List.of("q=%21%21", "severity=dire", "zone=x", "origin=x", "fields=record")) {
      assertThat(call("GET", "?" + wrong, null).statusCode()).as(wrong).isEqualTo(400);
    }
  }

  @Test
  void wordsOfAForeignTenantAreNotFound() throws Exception {
    String id = new Ulid().next();
    rows.finding(id, TestControlPlane.FOREIGN, "request", 1, "jailbreak", "high", "xylophone");
    assertThat(all("q=xylophone")).containsExactly(id + ".request.1");
    HttpResponse<String> own =
        plane.call(
            "GET",
            "/api/v1/findings?q=xylophone&decision_id=" + id,
            plane.key("viewer", TestControlPlane.OWN),
            null);
    assertThat(json(own)).hasToString("{\"items\":[]}");
    // The wall itself, without the query's own bounds.
    assertThat(found(TestControlPlane.OWN)).isZero();
    assertThat(found(TestControlPlane.FOREIGN)).isOne();
  }

  private static int found(String tenant) throws Exception {
    return Jdbi.create(plane.url())
        .inTransaction(
            handle -> {
              handle.execute("SET LOCAL ROLE llmtrace_api");
              handle.execute("SET LOCAL llmtrace.tenants = '[\"" + tenant + "\"]'");
              return handle
                  .createQuery(
                      "SELECT count(*) FROM llmtrace_findings_with('xylophone', '2000-01-01',"
                          + " '2100-01-01')")
                  .mapTo(Integer.class)
                  .one();
            });
  }

  @Test
  void aStateIsChangedOnceByWhoHasReadTheOneBefore() throws Exception {
    String id = finding("states");
    HttpResponse<String> open = call("GET", "/" + id, null);
    assertThat(open.headers().firstValue("ETag")).hasValue("\"0\"");
    assertThat(json(open).path("state").asText()).isEqualTo("open");
    String body = "{\"state\":\"acknowledged\",\"comment\":\"mine\"}";
    assertThat(call("PATCH", "/" + id, body).statusCode()).isEqualTo(428);
    assertThat(call("PATCH", "/" + id, body, "If-Match", "\"1\"").statusCode()).isEqualTo(412);
    HttpResponse<String> changed = call("PATCH", "/" + id, body, "If-Match", "\"0\"");
    assertThat(changed.statusCode()).as(changed.body()).isEqualTo(200);
    assertThat(changed.headers().firstValue("ETag")).hasValue("\"1\"");
    assertThat(call("PATCH", "/" + id, body, "If-Match", "\"0\"").statusCode()).isEqualTo(412);
    assertThat(
            call("PATCH", "/" + id, "{\"state\":\"resolved\"}", "If-Match", "\"1\"").statusCode())
        .isEqualTo(200);
    JsonNode history = json(call("GET", "/" + id + "/changes", null)).path("items");
    assertThat(history)
        .extracting(one -> one.path("revision") + one.path("state").asText() + one.path("comment"))
        .containsExactly("2resolved\"\"", "1acknowledged\"mine\"");
    assertThat(all("tenant=states&state=resolved")).containsExactly(id);
    assertThat(json(call("GET", "/" + id + "/changes?limit=1", null)).has("next")).isTrue();
    assertThat(
            plane.query(
                "SELECT string_agg(before || after, ' ' ORDER BY seq) FROM audit WHERE target ="
                    + " 'finding:"
                    + id
                    + "'"))
        .contains("\"comment\":\"mine\"", "\"state\":\"resolved\"");
    for (String wrong :
        List.of("{}", "{\"state\":\"gone\"}", "{\"state\":\"open\",\"x\":1}", "{\"state\":1}")) {
      assertThat(call("PATCH", "/" + id, wrong, "If-Match", "*").statusCode()).isEqualTo(400);
    }
  }

  @Test
  void manyAreChangedByIdsOrByAFilter() throws Exception {
    String one = finding("bulk");
    String two = finding("bulk");
    String three = finding("bulk");
    String absent = new Ulid().next() + ".request.1";
    JsonNode byIds =
        json(
            call(
                "POST",
                "/bulk",
                "{\"state\":\"resolved\",\"ids\":[\"%s\",\"%s\"]}".formatted(one, absent)));
    assertThat(byIds).hasToString("{\"changed\":1,\"not_found\":[\"" + absent + "\"]}");
    String filter =
        "{\"state\":\"resolved\",\"filter\":{\"tenant\":\"bulk\",\"severity\":\"high\",\"since\":\""
            + LocalDate.now(ZoneOffset.UTC).minusDays(1)
            + "\"}}";
    assertThat(json(call("POST", "/bulk", filter))).hasToString("{\"changed\":2,\"not_found\":[]}");
    assertThat(json(call("POST", "/bulk", filter)).path("changed").asInt()).isZero();
    assertThat(all("tenant=bulk&state=resolved")).containsExactlyInAnyOrder(one, two, three);
    for (String wrong :
        List.of(
            "{\"state\":\"resolved\"}",
            "{\"state\":\"resolved\",\"filter\":{}}",
            "{\"state\":\"resolved\",\"filter\":{\"tenants\":\"a\"}}",
            "{\"state\":\"resolved\",\"filter\":{\"severity\":\"dire\"}}",
            "{\"state\":\"resolved\",\"filter\":{\"tenant\":1}}",
            "{\"state\":\"resolved\",\"ids\":[\"x\"]}")) {
      assertThat(call("POST", "/bulk", wrong).statusCode()).as(wrong).isEqualTo(400);
    }
  }

  @Test
  void whatWasSaidGoesWithTheFindings() throws Exception {
    String gone = Ulid.of(Instant.parse("2025-01-01T10:00:00Z").toEpochMilli(), 1, 1);
    String kept = Ulid.of(Instant.parse("2025-01-02T10:00:00Z").toEpochMilli(), 1, 1);
    for (String id : List.of(gone, kept)) {
      rows.finding(id, "expires", "request", 1, "jailbreak", "high", "e");
      assertThat(
              call("PATCH", "/" + id + ".request.1", "{\"state\":\"resolved\"}", "If-Match", "*")
                  .statusCode())
          .isEqualTo(200);
    }
    plane.sql("DELETE FROM findings WHERE decision_id = '" + gone + "'");
    FindingStates.expire(Jdbi.create(plane.url()), LocalDate.parse("2025-02-01"));
    for (String table : List.of("finding_states", "finding_changes")) {
      assertThat(
              plane.query(
                  "SELECT string_agg(decision_id, ' ') FROM "
                      + table
                      + " WHERE tenant = 'expires'"))
          .isEqualTo(kept);
    }
  }

  private static String finding(String tenant) throws Exception {
    String id = new Ulid().next();
    rows.finding(id, tenant, "request", 1, "jailbreak", "high", "e");
    return id + ".request.1";
  }

  private static HttpResponse<String> call(String verb, String path, String body, String... headers)
      throws Exception {
    return plane.call(verb, "/api/v1/findings" + path, plane.admin(), body, headers);
  }

  private static JsonNode list(String query) throws Exception {
    HttpResponse<String> answer = call("GET", "?" + query, null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return json(answer);
  }

  /** Ids of all pages: the days of other tests may lie between. */
  private static List<String> all(String query) throws Exception {
    List<String> ids = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = list(query + cursor);
      ids.addAll(ids(page));
      cursor = page.has("next") ? "&cursor=" + page.path("next").asText() : "";
    } while (!cursor.isEmpty());
    return ids;
  }

  private static List<String> ids(JsonNode page) {
    List<String> ids = new ArrayList<>();
    page.path("items").forEach(item -> ids.add(item.path("id").asText()));
    return ids;
  }
}
