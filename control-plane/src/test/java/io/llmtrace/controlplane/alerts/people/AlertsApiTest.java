package io.llmtrace.controlplane.alerts.people;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.controlplane.alerts.incidents.IncidentLinks;
import io.llmtrace.policies.id.Ulid;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class AlertsApiTest {
  private static final String INCIDENTS = "/api/v1/alerts/incidents";
  private static final String SILENCES = "/api/v1/alerts/silences";

  private final TestControlPlane plane;
  private final Ulid ids = new Ulid();
  private String analyst;
  private String viewer;

  AlertsApiTest(TestControlPlane plane) {
    this.plane = plane;
  }

  @BeforeEach
  void callers() throws Exception {
    analyst = plane.key("analyst", OWN);
    viewer = plane.key("viewer", OWN);
  }

  private String incident(String tenant, String state) throws Exception {
    String id = ids.next();
    String labels =
        (tenant == null ? "{" : "{\"tenant\": \"" + tenant + "\", ")
            + "\"route\": \"<b>chat</b>\"}";
    plane.sql(
        ("INSERT INTO alert_incidents (id, rule, tenant, labels, key, tracked, state, severity,"
                + " seen, since, fired_at, number, channels) VALUES ('%1$s', 'severe_finding', %2$s,"
                + " '%4$s', '%1$s', false, '%3$s', 'high', '{\"value\": 3, \"threshold\": 1, \"peak\":"
                + " 3, \"unit\": \"findings\", \"counts\": {\"findings\": 3, \"blocked\": 2},"
                + " \"samples\": [], \"summary\": \"3 findings of <script>\"}', now(), now(), 1,"
                + " ARRAY['of-a-test'])")
            .formatted(id, tenant == null ? "NULL" : "'" + tenant + "'", state, labels));
    return id;
  }

  private JsonNode get(String path, String key) throws Exception {
    HttpResponse<String> answer = plane.call("GET", path, key, null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return json(answer);
  }

  private List<String> listed(String query, String key) throws Exception {
    List<String> all = new ArrayList<>();
    get(INCIDENTS + query, key).get("items").forEach(each -> all.add(each.get("id").asText()));
    return all;
  }

  @Test
  void eachSeesTheirOwnAndPendingOnesOnlyWhereAsked() throws Exception {
    String own = incident(OWN, "firing");
    String foreign = incident(FOREIGN, "firing");
    String of = incident(null, "firing");
    String pending = incident(OWN, "pending");
    assertThat(listed("?limit=500", viewer)).contains(own).doesNotContain(foreign, of, pending);
    assertThat(listed("?limit=500", plane.admin())).contains(own, foreign, of);
    assertThat(listed("?state=pending", viewer)).contains(pending).doesNotContain(own);
    assertThat(listed("?rule=high_latency", viewer)).isEmpty();
    assertThat(plane.call("GET", INCIDENTS + "?state=odd", viewer, null).statusCode())
        .isEqualTo(400);
    JsonNode one = get(INCIDENTS + "/" + own, viewer);
    assertThat(one.get("title").asText())
        .isEqualTo("Severe finding: route <b>chat</b>, tenant " + OWN);
    assertThat(one.get("counts").get("blocked").asInt()).isEqualTo(2);
  }

  @Test
  void oneTakesItAllAreToldAndTheAuditKnows() throws Exception {
    String id = incident(OWN, "firing");
    String path = INCIDENTS + "/" + id;
    assertThat(plane.call("POST", path + "/acknowledge", viewer, "{}").statusCode()).isEqualTo(403);
    HttpResponse<String> taken =
        plane.call("POST", path + "/acknowledge", analyst, "{\"comment\":\"on it\"}");
    assertThat(taken.statusCode()).as(taken.body()).isEqualTo(200);
    assertThat(json(taken).get("state").asText()).isEqualTo("acknowledged");
    assertThat(json(taken).get("acknowledged_by").asText()).startsWith("key:");
    HttpResponse<String> again = plane.call("POST", path + "/acknowledge", analyst, "{}");
    assertThat(json(again).get("notices").asInt()).as("nothing more to tell").isEqualTo(2);
    assertThat(
            plane
                .call("POST", path + "/acknowledge", analyst, "{\"comment\":\"me too\"}")
                .statusCode())
        .isEqualTo(200);
    assertThat(get(path + "/events", viewer).get("items").get(0).get("comment").asText())
        .as("told to nobody, and kept")
        .isEqualTo("me too");
    assertThat(
            plane
                .call("POST", path + "/comment", analyst, "{\"comment\":\"rolled back\"}")
                .statusCode())
        .isEqualTo(200);
    assertThat(plane.call("POST", path + "/comment", analyst, "{}").statusCode()).isEqualTo(400);
    JsonNode ended = json(plane.call("POST", path + "/resolve", analyst, "{}"));
    assertThat(ended.get("state").asText()).isEqualTo("resolved");
    assertThat(ended.get("resolved_by").asText()).startsWith("key:");
    assertThat(
            plane.query(
                "SELECT string_agg(kind || ' ' || number || ' ' || coalesce(notice->>'comment',"
                    + " '-'), ', ' ORDER BY number) FROM alert_outbox WHERE incident = '"
                    + id
                    + "'"))
        .isEqualTo("acknowledged 2 on it, commented 3 rolled back, resolved 4 -");
    List<String> kinds = new ArrayList<>();
    get(path + "/events", viewer)
        .get("items")
        .forEach(each -> kinds.add(each.get("kind").asText()));
    assertThat(kinds).containsExactly("resolved", "commented", "commented", "acknowledged");
    assertThat(plane.query("SELECT count(*) FROM audit WHERE target = 'incident:" + id + "'"))
        .isEqualTo("5");
    JsonNode told = get("/api/v1/alerts/deliveries?incident=" + id, viewer).get("items");
    assertThat(told).hasSize(3);
    String delivery = told.get(0).get("id").asText();
    assertThat(get("/api/v1/alerts/deliveries/" + delivery + "/attempts", viewer).get("items"))
        .isEmpty();
  }

  @Test
  void aPendingOneIsNobodysYet() throws Exception {
    String id = incident(OWN, "pending");
    assertThat(
            plane.call("POST", INCIDENTS + "/" + id + "/acknowledge", analyst, "{}").statusCode())
        .isEqualTo(409);
  }

  @Test
  void silencesAreMadeOfWhatTheyAreForAndEnd() throws Exception {
    Instant now = Instant.now();
    String body =
        ("{\"tenant\":\"%s\",\"matchers\":{\"rule\":\"finding_spike\",\"route\":[\"a\",\"b\"]},"
                + "\"ends_at\":\"%s\",\"comment\":\"load test\"}")
            .formatted(OWN, now.plus(Duration.ofHours(2)));
    HttpResponse<String> made = plane.call("POST", SILENCES, analyst, body);
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    String id = json(made).get("id").asText();
    assertThat(json(made).get("state").asText()).isEqualTo("silent");
    assertThat(get(SILENCES + "/" + id, viewer).get("matchers").get("route")).hasSize(2);
    assertThat(plane.call("POST", SILENCES, viewer, body).statusCode()).isEqualTo(403);
    assertThat(plane.call("POST", SILENCES, analyst, body.replace(OWN, FOREIGN)).statusCode())
        .isEqualTo(403);
    String all = body.replace("\"tenant\":\"" + OWN + "\",", "");
    assertThat(plane.call("POST", SILENCES, analyst, all).statusCode())
        .as("all tenants' alerts are not this caller's to silence")
        .isEqualTo(403);
    assertThat(json(plane.call("POST", SILENCES + "/" + id + "/end", analyst, "{}")).get("state"))
        .hasToString("\"ended\"");
    for (String wrong :
        List.of(
            body.replace(now.plus(Duration.ofHours(2)).toString(), now.minusSeconds(9).toString()),
            body.replace(
                "\"comment\"", "\"every\":\"day\",\"until\":\"2199-01-01T00:00:00Z\",\"comment\""),
            body.replace("[\"a\",\"b\"]", "[1]"),
            body.replace(",\"comment\":\"load test\"", ""),
            body.replace("\"ends_at\"", "\"ends\""))) {
      HttpResponse<String> refused = plane.call("POST", SILENCES, analyst, wrong);
      assertThat(refused.statusCode()).as(wrong + refused.body()).isEqualTo(400);
    }
  }

  @Test
  void aLinkShowsAPageAndItsButtonsAct() throws Exception {
    String id = incident(OWN, "firing");
    IncidentLinks links = Jdbi.create(plane.url()).withHandle(IncidentLinks::of);
    String key = links.token(id, Instant.now());
    String path = "/alerts/" + id;
    HttpResponse<String> page = plane.call("GET", path + "?key=" + key, "", null);
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.body())
        .contains("3 findings of &lt;script&gt;", "Acknowledge", "&lt;b&gt;chat&lt;/b&gt;")
        .doesNotContain("<script", "<b>chat");
    assertThat(page.headers().firstValue("content-security-policy").orElse(""))
        .contains("default-src 'none'", "frame-ancestors 'none'");
    assertThat(get(INCIDENTS + "/" + id, viewer).get("state").asText())
        .as("a preview of the link changes nothing")
        .isEqualTo("firing");
    assertThat(post(path, "key=" + key + "&act=acknowledge&name=Ann&comment=mine").statusCode())
        .isEqualTo(303);
    JsonNode taken = get(INCIDENTS + "/" + id, viewer);
    assertThat(taken.get("acknowledged_by").asText()).isEqualTo("link:Ann");
    assertThat(plane.call("GET", path + "?key=" + key, "", null).body())
        .as("who did what stands on the page, and the button is gone")
        .contains("acknowledged by link:Ann: mine")
        .doesNotContain("value=\"acknowledge\"");
    assertThat(post(path, "key=" + key + "&act=silence+4+hours").statusCode()).isEqualTo(303);
    assertThat(
            plane.query(
                "SELECT count(*) FROM alert_silences WHERE tenant = '"
                    + OWN
                    + "' AND matchers->'route' ? '<b>chat</b>' AND comment LIKE '%"
                    + id
                    + "'"))
        .isEqualTo("1");
    assertThat(post(path, "key=" + key + "&act=explode").statusCode()).isEqualTo(400);
    assertThat(post(path, "key=" + key + "&act=comment").statusCode()).isEqualTo(400);
    assertThat(post(path, "key=" + key + "&act=resolve").statusCode()).isEqualTo(303);
    assertThat(get(INCIDENTS + "/" + id, viewer).get("state").asText()).isEqualTo("resolved");
  }

  @Test
  void noOtherKeyOpensAPage() throws Exception {
    String id = incident(OWN, "firing");
    String other = incident(OWN, "firing");
    IncidentLinks links = Jdbi.create(plane.url()).withHandle(IncidentLinks::of);
    String good = links.token(id, Instant.now());
    for (String key :
        List.of(
            links.token(other, Instant.now()),
            links.token(id, Instant.now().minus(Duration.ofDays(8))),
            good.substring(0, good.length() - 2) + "AA",
            "9999999999" + good.substring(10),
            "",
            "x")) {
      HttpResponse<String> page = plane.call("GET", "/alerts/" + id + "?key=" + key, "", null);
      assertThat(page.statusCode()).as(key).isEqualTo(404);
      assertThat(post("/alerts/" + id, "key=" + key + "&act=resolve").statusCode()).isEqualTo(404);
    }
    assertThat(plane.call("GET", "/alerts/" + id, "", null).statusCode()).isEqualTo(404);
  }

  @Test
  void aFormOfAnySizeIsReadNoFurtherThanAFormMayBe() throws Exception {
    String path = "/alerts/" + incident(OWN, "firing");
    HttpResponse<String> large = post(path, "key=x&comment=" + "a".repeat(100_000));
    assertThat(large.statusCode()).isEqualTo(413);
    assertThat(large.body()).contains("form: expected at most 16384 bytes");
    assertThat(post(path, "key=x&act=%zz").statusCode()).isEqualTo(400);
    assertThat(post(path, "&&=&key").statusCode()).isEqualTo(404);
  }

  private HttpResponse<String> post(String path, String form) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + plane.service().port() + path))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void channelsAreShownWithoutTheirSecretsAndTried() throws Exception {
    JsonNode channels = get("/api/v1/alerts/channels", plane.admin());
    assertThat(channels.get("items").get(0).get("id").asText()).isEqualTo(TestControlPlane.CHANNEL);
    assertThat(channels.toString()).doesNotContain("hook-of-nobody");
    assertThat(plane.call("GET", "/api/v1/alerts/channels", viewer, null).statusCode())
        .as("channels of all teams")
        .isEqualTo(403);
    String channel = "/api/v1/alerts/channels/" + TestControlPlane.CHANNEL;
    JsonNode preview = get(channel + "/preview", plane.admin());
    assertThat(preview.toString()).contains("High error rate").doesNotContain("hook-of-nobody");
    HttpResponse<String> tried = plane.call("POST", channel + "/test", plane.admin(), "{}");
    assertThat(tried.statusCode()).as(tried.body()).isEqualTo(200);
    assertThat(json(tried).get("result").asText()).isEqualTo("parked");
    assertThat(json(tried).get("error").asText()).doesNotContain("hook-of-nobody");
    assertThat(
            plane
                .call("POST", "/api/v1/alerts/channels/other/test", plane.admin(), "{}")
                .statusCode())
        .isEqualTo(404);
  }

  @Test
  void theRulesAreShownAndHaveRunbooks() throws Exception {
    for (JsonNode rule : get("/api/v1/alerts/rules", viewer).get("items")) {
      HttpResponse<String> book =
          plane.call("GET", "/runbooks/" + rule.get("name").asText(), "", null);
      assertThat(book.statusCode()).as(rule.toString()).isEqualTo(200);
      assertThat(book.body()).startsWith("# ").doesNotContain("<!--");
    }
    assertThat(plane.call("GET", "/runbooks/none", "", null).statusCode()).isEqualTo(404);
  }
}
