package io.llmtrace.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.access.ApiOperation;
import io.llmtrace.controlplane.policies.PolicySamples;
import io.llmtrace.policies.id.Ulid;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Requests for {@link EndpointWalkTest}: for each operation with ids or a body one that concerns a
 * given tenant and would succeed for somebody who may.
 */
final class WalkSamples {
  /**
   * A request.
   *
   * @param ifMatch the header {@code If-Match}; null sends none
   * @param reason the header {@code X-Reason}, alone; null sends none
   */
  record Sample(String path, String body, String ifMatch, String reason) {
    Sample(String path, String body) {
      this(path, body, null);
    }

    Sample(String path, String body, String ifMatch) {
      this(path, body, ifMatch, null);
    }

    /** Names and values in turn. */
    String[] headers() {
      if (reason != null) {
        return new String[] {"X-Reason", reason};
      }
      return ifMatch == null ? new String[0] : new String[] {"If-Match", ifMatch};
    }
  }

  /** Makes a request that concerns a tenant. */
  interface Maker {
    Sample make(String tenant) throws Exception;
  }

  private final TestControlPlane plane;
  private final StoredRows rows;
  private final Ulid ids = new Ulid();
  private final Map<String, Maker> makers = new LinkedHashMap<>();

  WalkSamples(TestControlPlane plane) {
    this.plane = plane;
    this.rows = new StoredRows(plane);
    budgets();
    content();
    prices();
    settings();
    policies();
    alerts();
    makers.put(
        "POST /api/v1/ingest/set-aside/{id}/replay", tenant -> new ApiSamples(plane).setAside());
    makers.put("POST /api/v1/ingest/batches", tenant -> batch());
    makers.put("POST /api/v1/ingest/snapshots", tenant -> snapshot());
    makers.put("GET /api/v1/exchanges/{id}", this::exchangeOf);
    makers.put("GET /api/v1/findings/{id}", tenant -> finding(tenant, ""));
    makers.put("GET /api/v1/findings/{id}/changes", tenant -> finding(tenant, "/changes"));
    makers.put(
        "PATCH /api/v1/findings/{id}",
        tenant -> new Sample(finding(tenant, "").path(), "{\"state\":\"resolved\"}", "*"));
    makers.put(
        "POST /api/v1/findings/{id}/feedback",
        tenant ->
            new Sample(finding(tenant, "/feedback").path(), "{\"verdict\":\"false_positive\"}"));
    makers.put(
        "POST /api/v1/findings/bulk",
        tenant ->
            new Sample(
                "/api/v1/findings/bulk",
                "{\"state\":\"resolved\",\"ids\":[\"" + exchange(tenant) + ".request.1\"]}"));
    makers.put("GET /api/v1/feedback/{id}", tenant -> feedback(tenant, ""));
    makers.put("GET /api/v1/feedback/{id}/pack-case", tenant -> feedback(tenant, "/pack-case"));
    makers.put(
        "PATCH /api/v1/feedback/{id}",
        tenant -> new Sample(feedback(tenant, "").path(), "{\"state\":\"accepted\"}", "*"));
    makers.put("GET /api/v1/anomalies/{id}", tenant -> anomaly(tenant, ""));
    makers.put("GET /api/v1/anomalies/{id}/changes", tenant -> anomaly(tenant, "/changes"));
    makers.put(
        "PATCH /api/v1/anomalies/{id}",
        tenant -> new Sample(anomaly(tenant, "").path(), "{\"state\":\"resolved\"}", "*"));
    makers.put(
        "GET /api/v1/reports/{kind}",
        tenant -> new Sample("/api/v1/reports/gdpr?tenant=" + tenant, null));
    makers.put("GET /api/v1/conversations/{id}", this::conversationOf);
    makers.put("GET /api/v1/instances/{node}", tenant -> instance());
    makers.put("GET /api/v1/tenants/{id}", tenant -> new Sample("/api/v1/tenants/" + tenant, null));
    makers.put(
        "POST /api/v1/tenants",
        tenant -> new Sample("/api/v1/tenants", "{\"id\":\"t-" + ids.next() + "\"}"));
    makers.put(
        "PATCH /api/v1/tenants/{id}",
        tenant -> new Sample("/api/v1/tenants/" + tenant, "{\"name\":\"" + tenant + "\"}", "*"));
    makers.put("GET /api/v1/keys/{id}", this::keyOf);
    makers.put(
        "POST /api/v1/keys",
        tenant ->
            new Sample(
                "/api/v1/keys",
                "{\"name\":\"k\",\"role\":\"viewer\",\"tenants\":[\"" + tenant + "\"]}"));
    makers.put(
        "PATCH /api/v1/keys/{id}",
        tenant -> new Sample("/api/v1/keys/" + key(tenant), "{\"name\":\"n\"}", "*"));
    makers.put(
        "POST /api/v1/keys/{id}/rotate",
        tenant -> new Sample("/api/v1/keys/" + key(tenant) + "/rotate", "{}"));
    makers.put(
        "POST /api/v1/keys/{id}/revoke",
        tenant -> new Sample("/api/v1/keys/" + key(tenant) + "/revoke", "{}"));
    makers.put("POST /api/v1/holds", WalkSamples::newHold);
    makers.put("GET /api/v1/holds/{id}", tenant -> holdOf(tenant, ""));
    makers.put("POST /api/v1/holds/{id}/end", tenant -> holdOf(tenant, "/end"));
    makers.put("POST /api/v1/erasures", WalkSamples::newErasure);
    makers.put(
        "GET /api/v1/erasures/{id}",
        tenant -> new Sample("/api/v1/erasures/" + id(newErasure(tenant)), null));
  }

  private void alerts() {
    String root = "/api/v1/alerts/incidents/{id}";
    makers.put("GET " + root, tenant -> incidentOf(tenant, "", null));
    makers.put("GET " + root + "/events", tenant -> incidentOf(tenant, "/events", null));
    makers.put("POST " + root + "/acknowledge", tenant -> incidentOf(tenant, "/acknowledge", "{}"));
    makers.put("POST " + root + "/resolve", tenant -> incidentOf(tenant, "/resolve", "{}"));
    makers.put(
        "POST " + root + "/comment",
        tenant -> incidentOf(tenant, "/comment", "{\"comment\":\"walk\"}"));
    makers.put("POST /api/v1/alerts/silences", WalkSamples::newSilence);
    makers.put(
        "GET /api/v1/alerts/silences/{id}",
        tenant -> new Sample("/api/v1/alerts/silences/" + id(newSilence(tenant)), null));
    makers.put(
        "POST /api/v1/alerts/silences/{id}/end",
        tenant -> new Sample("/api/v1/alerts/silences/" + id(newSilence(tenant)) + "/end", "{}"));
    String channel = "/api/v1/alerts/channels/" + TestControlPlane.CHANNEL;
    makers.put(
        "POST /api/v1/alerts/channels/{id}/test", tenant -> new Sample(channel + "/test", "{}"));
    makers.put(
        "GET /api/v1/alerts/channels/{id}/preview",
        tenant -> new Sample(channel + "/preview", null));
    makers.put(
        "GET /api/v1/alerts/deliveries/{id}/attempts",
        tenant -> delivery(tenant, "/attempts", null));
    makers.put(
        "POST /api/v1/alerts/deliveries/{id}/retry", tenant -> delivery(tenant, "/retry", "{}"));
  }

  /** One that no rule looks at, so that it stays as it is. */
  String incident(String tenant) throws Exception {
    String id = ids.next();
    plane.sql(
        ("INSERT INTO alert_incidents (id, rule, tenant, labels, key, tracked, state, severity,"
                + " seen, since, fired_at) VALUES ('%1$s', 'high_error_rate', '%2$s',"
                + " '{\"tenant\": \"%2$s\"}', '%1$s', false, 'firing', 'critical',"
                + " '{\"value\": 9, \"threshold\": 5, \"peak\": 9, \"unit\": \"%%\","
                + " \"counts\": {\"requests\": 100}, \"samples\": [],"
                + " \"summary\": \"seen of %2$s\"}', now(), now())")
            .formatted(id, tenant));
    plane.sql(
        ("INSERT INTO alert_events (incident, tenant, at, kind) VALUES ('%s', '%s', now(),"
                + " 'firing')")
            .formatted(id, tenant));
    return id;
  }

  private Sample incidentOf(String tenant, String rest, String body) throws Exception {
    return new Sample("/api/v1/alerts/incidents/" + incident(tenant) + rest, body);
  }

  private static Sample newSilence(String tenant) {
    return new Sample(
        "/api/v1/alerts/silences",
        ("{\"tenant\":\"%s\",\"matchers\":{\"rule\":\"high_error_rate\"},"
                + "\"ends_at\":\"%s\",\"comment\":\"walk\"}")
            .formatted(tenant, java.time.Instant.now().plusSeconds(3_600)));
  }

  private Sample delivery(String tenant, String rest, String body) throws Exception {
    String notice = ids.next();
    plane.sql(
        ("INSERT INTO alert_outbox (notice_id, incident, number, channel, tenant, kind, rule,"
                + " severity, notice, state, ended_at) VALUES ('%1$s-1', '%1$s', 1, 'walk', '%2$s',"
                + " 'firing', 'high_error_rate', 4, '{}', 'parked', now())")
            .formatted(notice, tenant));
    String id = plane.query("SELECT id FROM alert_outbox WHERE notice_id = '" + notice + "-1'");
    return new Sample("/api/v1/alerts/deliveries/" + id + rest, body);
  }

  private Sample holdOf(String tenant, String rest) throws Exception {
    Sample made = newHold(tenant);
    return new Sample("/api/v1/holds/" + id(made) + rest, rest.isEmpty() ? null : "{}");
  }

  private static Sample newHold(String tenant) {
    return new Sample(
        "/api/v1/holds",
        "{\"tenant\":\"%s\",\"from\":\"2020-01-01\",\"until\":\"2020-01-01\",\"reason\":\"walk\"}"
            .formatted(tenant));
  }

  private static Sample newErasure(String tenant) {
    return new Sample(
        "/api/v1/erasures",
        "{\"tenant\":\"%s\",\"consumer\":\"nobody\",\"reason\":\"walk\"}".formatted(tenant));
  }

  /** The id of what a POST makes. */
  private String id(Sample made) throws Exception {
    HttpResponse<String> answer = plane.call("POST", made.path(), plane.admin(), made.body());
    assertThat(answer.statusCode()).as("%s: %s", made.path(), answer.body()).isBetween(200, 299);
    return TestControlPlane.json(answer).get("id").asText();
  }

  private void content() {
    makers.put(
        "GET /api/v1/exchanges/{id}/content",
        tenant ->
            new Sample("/api/v1/exchanges/" + exchange(tenant) + "/content", null, null, "walk"));
    makers.put(
        "POST /api/v1/ingest/content",
        tenant ->
            new Sample(
                "/api/v1/ingest/content",
                ("{\"schema\":1,\"node\":\"walk\",\"records\":[{\"decision_id\":\"%s\","
                        + "\"part\":\"request\",\"at\":1,\"tenant\":\"%s\",\"route\":\"walk\","
                        + "\"consumer\":\"\",\"agent\":\"\",\"mode\":\"redacted\",\"texts\":[],"
                        + "\"left_out\":\"\",\"left_out_bytes\":0}]}")
                    .formatted(ids.next(), tenant)));
    makers.put(
        "POST /api/v1/content-keys/rotate",
        tenant -> new Sample("/api/v1/content-keys/rotate", null));
    makers.put(
        "POST /api/v1/content-keys/{id}/retire",
        tenant -> {
          String made = rotated();
          rotated();
          return new Sample("/api/v1/content-keys/" + made + "/retire", null);
        });
  }

  private String rotated() throws Exception {
    return id(new Sample("/api/v1/content-keys/rotate", null));
  }

  private void budgets() {
    makers.put("GET /api/v1/budgets/{id}", this::budgetOf);
    makers.put(
        "POST /api/v1/budgets",
        tenant ->
            new Sample(
                "/api/v1/budgets", "{\"name\":\"b\",\"tenant\":\"" + tenant + "\",\"usd\":5}"));
    makers.put(
        "PATCH /api/v1/budgets/{id}",
        tenant -> new Sample(budgetOf(tenant).path(), "{\"name\":\"n\"}", "*"));
    makers.put(
        "DELETE /api/v1/budgets/{id}", tenant -> new Sample(budgetOf(tenant).path(), null, "*"));
    makers.put(
        "POST /api/v1/ingest/leases",
        tenant ->
            new Sample(
                "/api/v1/ingest/leases",
                ("{\"node\":\"walk\",\"demands\":[{\"limit\":\"l\",\"key\":{\"tenant\":\"%s\"},"
                        + "\"kind\":\"concurrent\",\"total\":9,\"demand\":1,\"holds\":0}]}")
                    .formatted(tenant)));
  }

  private void prices() {
    makers.put("POST /api/v1/prices", tenant -> new Sample("/api/v1/prices", price(tenant)));
    makers.put("GET /api/v1/prices/{id}", this::priceOf);
    makers.put(
        "PUT /api/v1/prices/{id}",
        tenant -> {
          String body = price(tenant);
          return new Sample(priceOf(tenant).path(), body, "*");
        });
    makers.put(
        "DELETE /api/v1/prices/{id}", tenant -> new Sample(priceOf(tenant).path(), null, "*"));
  }

  private String price(String tenant) {
    return "{\"tenant\":\"%s\",\"provider\":\"walk\",\"model\":\"m-%s\",\"input\":1,\"output\":2}"
        .formatted(tenant, ids.next());
  }

  private Sample priceOf(String tenant) throws Exception {
    return new Sample("/api/v1/prices/" + id(new Sample("/api/v1/prices", price(tenant))), null);
  }

  /** One to begin, when none waits: few may, and a walk is faster than they are. */
  private Sample simulationOf(String tenant, PolicySamples policies) throws Exception {
    Await.until(
        Duration.ofSeconds(60),
        () ->
            plane
                .query("SELECT count(*) FROM policy_simulations WHERE state = 'waiting'")
                .equals("0"));
    return new Sample("/api/v1/policies/simulations", policies.newBody(tenant));
  }

  private void policies() {
    String root = "/api/v1/policies";
    String one = root + "/{id}";
    PolicySamples policies = new PolicySamples(plane);
    makers.put(
        "GET /api/v1/ingest/bundle", tenant -> new Sample("/api/v1/ingest/bundle?node=walk", null));
    makers.put("POST " + root, tenant -> new Sample(root, policies.newBody(tenant)));
    makers.put(
        "POST " + root + "/validate",
        tenant -> new Sample(root + "/validate", policies.newBody(tenant)));
    makers.put("POST " + root + "/simulations", tenant -> simulationOf(tenant, policies));
    makers.put(
        "GET " + root + "/simulations/{id}",
        tenant -> new Sample(root + "/simulations/" + id(simulationOf(tenant, policies)), null));
    makers.put(
        "GET " + root + "/bundles/{revision}",
        tenant -> new Sample(root + "/bundles/" + revision(), null));
    makers.put("GET " + one, tenant -> new Sample(root + "/" + policies.made(tenant), null));
    makers.put(
        "PUT " + one,
        tenant -> {
          String id = policies.made(tenant);
          JsonNode made =
              TestControlPlane.json(plane.call("GET", root + "/" + id, plane.admin(), null));
          return new Sample(
              root + "/" + id,
              PolicySamples.body(PolicySamples.source(made.path("name").asText(), "allow"), ""),
              "*");
        });
    makers.put(
        "PATCH " + one,
        tenant -> new Sample(root + "/" + policies.made(tenant), "{\"standard\":false}", "*"));
    makers.put(
        "DELETE " + one, tenant -> new Sample(root + "/" + policies.made(tenant), null, "*"));
    for (String read : List.of("/versions", "/activations", "/shadow/report")) {
      makers.put(
          "GET " + one + read,
          tenant -> new Sample(root + "/" + policies.made(tenant) + read, null));
    }
    for (String read : List.of("", "/diff")) {
      makers.put(
          "GET " + one + "/versions/{version}" + read,
          tenant -> new Sample(root + "/" + policies.made(tenant) + "/versions/2" + read, null));
    }
    makers.put(
        "POST " + one + "/versions/{version}/approve",
        tenant -> {
          // Nobody approves what they wrote themselves.
          PolicySamples others = new PolicySamples(plane, plane.key("admin", "*"));
          return new Sample(root + "/" + others.made(tenant) + "/versions/2/approve", "{}");
        });
    String first = "{\"version\":1}";
    String second = "{\"version\":2}";
    String part = "{\"version\":2,\"percent\":5}";
    step("/activate", first, policies);
    step("/roll-back", "{}", policies, "/activate", first, "/activate", second);
    step("/deactivate", "{}", policies, "/activate", first);
    step("/rollout", part, policies, "/activate", first);
    step("/rollout/finish", "{}", policies, "/rollout", part);
    step("/rollout/cancel", "{}", policies, "/rollout", part);
    step("/shadow", second, policies);
    step("/shadow/stop", "{}", policies, "/shadow", second);
  }

  private void step(String path, String body, PolicySamples policies, String... before) {
    makers.put(
        "POST /api/v1/policies/{id}" + path,
        tenant -> new Sample("/api/v1/policies/" + policies.made(tenant, before) + path, body));
  }

  private String revision() throws Exception {
    String newest = "SELECT max(revision) FROM bundle_revisions";
    if (plane.query(newest).equals("null")) {
      var unused =
          plane.call("GET", "/api/v1/ingest/bundle?node=walk", plane.key("instance", "*"), null);
    }
    return plane.query(newest);
  }

  private void settings() {
    String body = "{\"values\":{\"budgets.enforcement\":null}}";
    makers.put("PATCH /api/v1/settings", tenant -> new Sample("/api/v1/settings", body, "*"));
    makers.put(
        "GET /api/v1/settings/tenants/{id}",
        tenant -> new Sample("/api/v1/settings/tenants/" + tenant, null));
    makers.put(
        "PATCH /api/v1/settings/tenants/{id}",
        tenant -> new Sample("/api/v1/settings/tenants/" + tenant, body, "*"));
  }

  private Sample budgetOf(String tenant) throws Exception {
    String made =
        TestControlPlane.json(
                plane.call(
                    "POST",
                    "/api/v1/budgets",
                    plane.admin(),
                    "{\"name\":\"b of %s\",\"tenant\":\"%s\",\"usd\":5}".formatted(tenant, tenant)))
            .path("id")
            .asText();
    return new Sample("/api/v1/budgets/" + made, null);
  }

  boolean covers(ApiOperation operation) {
    boolean plain = operation.verb().equals("GET") && !operation.path().contains("{");
    return plain || makers.containsKey(name(operation));
  }

  Sample of(ApiOperation operation, String tenant) throws Exception {
    Maker maker = makers.get(name(operation));
    return maker == null ? new Sample(operation.path(), null) : maker.make(tenant);
  }

  /** The path with an id that nothing has. */
  String absent(ApiOperation operation, String id) {
    return operation.path().replaceAll("\\{[^}]*}", id);
  }

  /** Puts something of a tenant into everything that is listed. */
  void fill(String tenant) throws Exception {
    for (Maker maker :
        List.<Maker>of(
            this::exchangeOf,
            this::keyOf,
            of -> feedback(of, ""),
            of -> anomaly(of, ""),
            of -> incidentOf(of, "", null),
            of -> new Sample("/api/v1/alerts/silences/" + id(newSilence(of)), null),
            of -> delivery(of, "", null),
            of -> new Sample(new PolicySamples(plane).made(of), null),
            this::changeOf)) {
      Sample unused = maker.make(tenant);
    }
  }

  private Sample exchangeOf(String tenant) throws Exception {
    return new Sample("/api/v1/exchanges/" + exchange(tenant), null);
  }

  private Sample finding(String tenant, String rest) throws Exception {
    return new Sample("/api/v1/findings/" + exchange(tenant) + ".request.1" + rest, null);
  }

  private Sample feedback(String tenant, String rest) throws Exception {
    String id = ids.next();
    plane.sql(
        ("INSERT INTO feedback (id, tenant, route, finding_id, verdict, kind, scope, type, severity,"
                + " detector, rule, zone, evidence, text, comment, created_by, changed_by) VALUES"
                + " ('%s', '%s', 'walk', 'f', 'missed', 'pack_case', 'route', 'jailbreak', 'high',"
                + " 'd', 'r', 'user', 'e', 'text of %2$s', 'comment', 'test', 'test')")
            .formatted(id, tenant));
    return new Sample("/api/v1/feedback/" + id + rest, null);
  }

  private Sample anomaly(String tenant, String rest) throws Exception {
    String id = ids.next();
    plane.sql(
        ("INSERT INTO anomalies (id, tenant, type, severity, dimension, key, key2, measure,"
                + " started_at, last_at, ended_at, hours, excess, peak_at, observed, expected_low,"
                + " expected_mid, expected_high, expected_limit, score, baseline) VALUES ('%1$s',"
                + " '%2$s', 'cost_spike', 'high', 'agent', 'agent of %2$s %1$s', '', 'cost_usd',"
                + " now(), now(), now(), 1, 9, now(), 10, 0, 1, 2, 3, 4.5, '{\"season\": \"week\","
                + " \"days\": 35, \"level\": 1, \"deviation\": 0.5, \"sensitivity\": \"medium\"}')")
            .formatted(id, tenant));
    return new Sample("/api/v1/anomalies/" + id + rest, null);
  }

  /** A finding that somebody said something of, which the audit shows. */
  private Sample changeOf(String tenant) throws Exception {
    String id = exchange(tenant) + ".request.1";
    plane.call(
        "PATCH",
        "/api/v1/findings/" + id,
        plane.admin(),
        "{\"state\":\"acknowledged\",\"comment\":\"seen by " + tenant + "\"}",
        "If-Match",
        "*");
    return new Sample("/api/v1/findings/" + id, null);
  }

  private Sample conversationOf(String tenant) throws Exception {
    exchange(tenant);
    return new Sample("/api/v1/conversations/" + conversation(tenant), null);
  }

  private static String conversation(String tenant) {
    return "%032x".formatted(tenant.hashCode() & 0xffffffffL);
  }

  private Sample instance() throws Exception {
    plane.sql(
        "INSERT INTO instances (node, received_at, snapshot) VALUES ('walker', now(),"
            + " '{\"node\":\"walker\",\"at\":1}') ON CONFLICT DO NOTHING");
    return new Sample("/api/v1/instances/walker", null);
  }

  private Sample keyOf(String tenant) throws Exception {
    return new Sample("/api/v1/keys/" + key(tenant), null);
  }

  private static String name(ApiOperation operation) {
    return operation.verb() + " " + operation.path();
  }

  private String key(String tenant) throws Exception {
    return plane.newKey("viewer", "[\"" + tenant + "\"]", "[]").get("id").asText();
  }

  private String exchange(String tenant) throws Exception {
    String id = ids.next();
    rows.exchange(id, tenant, "walk", "\"conversation\":\"" + conversation(tenant) + "\"")
        .finding(id, tenant, "request", 1, "jailbreak", "high", "evidence of " + tenant);
    return id;
  }

  private Sample batch() {
    return new Sample(
        "/api/v1/ingest/batches",
        "{\"schema\":1,\"node\":\"walk\",\"boot_id\":\"%s\",\"sequence\":1,\"records\":[]}"
            .formatted(ids.next()));
  }

  /** A node of its own: who has used a name keeps it from those with other tenants. */
  private Sample snapshot() {
    return new Sample(
        "/api/v1/ingest/snapshots",
        ("{\"node\":\"%s\",\"boot_id\":\"b\",\"at\":1,\"version\":\"1\",\"started_at\":1,"
                + "\"breakers\":{},\"active_connections\":0,\"models\":{},\"bundle_revision\":0,"
                + "\"spool_bytes\":0,\"routes\":[],\"problems\":[]}")
            .formatted(ids.next()));
  }
}
