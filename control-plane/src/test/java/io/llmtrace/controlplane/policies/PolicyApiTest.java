package io.llmtrace.controlplane.policies;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.Records;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.ShadowDecision;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class PolicyApiTest {
  private TestControlPlane plane;
  private PolicySamples samples;

  @BeforeEach
  void samples(TestControlPlane given) {
    plane = given;
    samples = new PolicySamples(given);
  }

  private HttpResponse<String> call(String verb, String path, String body, String... headers)
      throws Exception {
    return plane.call(verb, "/api/v1/policies" + path, plane.admin(), body, headers);
  }

  private JsonNode done(String path, String body) throws Exception {
    HttpResponse<String> answer = call("POST", path, body);
    assertThat(answer.statusCode()).as(path + ": " + answer.body()).isEqualTo(200);
    return TestControlPlane.json(answer);
  }

  private JsonNode get(String path) throws Exception {
    HttpResponse<String> answer = call("GET", path, null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return TestControlPlane.json(answer);
  }

  @Test
  void aPolicyIsWrittenReadEditedAndItsHistoryKept() throws Exception {
    String name = samples.name();
    HttpResponse<String> made =
        call(
            "POST",
            "",
            PolicySamples.body(
                PolicySamples.source(name, "block"),
                ",\"tenant\":\"acme\",\"message\":\"the first\""));
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    String path = "/" + TestControlPlane.json(made).path("id").asText();
    assertThat(made.headers().firstValue("Location").orElseThrow())
        .endsWith("/api/v1/policies" + path);
    assertThat(TestControlPlane.json(made).path("state").asText()).isEqualTo("inactive");

    String changed =
        PolicySamples.body(PolicySamples.source(name, "flag"), ",\"message\":\"mild\"");
    assertThat(call("PUT", path, changed).statusCode()).isEqualTo(428);
    assertThat(call("PUT", path, changed, "If-Match", "\"9\"").statusCode()).isEqualTo(412);
    HttpResponse<String> edited = call("PUT", path, changed, "If-Match", "\"1\"");
    assertThat(edited.statusCode()).as(edited.body()).isEqualTo(200);
    assertThat(edited.headers().firstValue("ETag")).hasValue("\"2\"");
    assertThat(
            call(
                    "PUT",
                    path,
                    PolicySamples.body(PolicySamples.source("other", "flag"), ""),
                    "If-Match",
                    "*")
                .body())
        .contains("cannot be changed", name);

    JsonNode versions = get(path + "/versions").path("items");
    assertThat(versions.findValuesAsText("version")).containsExactly("2", "1");
    assertThat(versions.findValuesAsText("message")).containsExactly("mild", "the first");
    assertThat(versions.get(0).path("author").asText()).startsWith("key:");
    assertThat(get(path + "/versions/1").path("source").asText()).contains("action: block");
    String diff = get(path + "/versions/2/diff").path("diff").asText();
    assertThat(diff.lines())
        .contains("--- " + name + " version 1", "-    action: block", "+    action: flag");
    assertThat(get(path + "/versions/1/diff?against=2").path("diff").asText())
        .contains("+    action: block");
    assertThat(get(path + "/versions/1/diff").path("diff").asText()).contains("+kind: Policy");
    assertThat(call("GET", path + "/versions/3", null).statusCode()).isEqualTo(404);

    // A name is free again once its policy is archived.
    String again = PolicySamples.body(PolicySamples.source(name, "block"), ",\"tenant\":\"acme\"");
    assertThat(call("POST", "", again).statusCode()).isEqualTo(409);
    assertThat(call("DELETE", path, null, "If-Match", "*").statusCode()).isEqualTo(204);
    assertThat(get(path).path("state").asText()).isEqualTo("archived");
    assertThat(call("POST", path + "/activate", "{\"version\":1}").statusCode()).isEqualTo(409);
    assertThat(call("POST", "", again).statusCode()).isEqualTo(201);
    assertThat(get("?name=" + name + "&archived=true").path("items")).hasSize(1);
  }

  @Test
  void whatABundleCannotCarryIsRefused() throws Exception {
    StoredPolicies stored = new StoredPolicies(plane);
    String tenant = samples.name();
    String large = "x".repeat(3 << 20);
    String one = "/" + stored.put(tenant, samples.name(), 1, large);
    String two = "/" + stored.put(tenant, samples.name(), 2, large);
    List<String> others = new java.util.ArrayList<>();
    try {
      JsonNode unused = done(one + "/activate", "{\"version\":1}");
      for (String[] step :
          new String[][] {
            {"/activate", "{\"version\":1}"},
            {"/rollout", "{\"version\":1,\"percent\":5}"},
            {"/shadow", "{\"version\":1}"}
          }) {
        HttpResponse<String> refused = call("POST", two + step[0], step[1]);
        assertThat(refused.statusCode()).as(step[0]).isEqualTo(409);
        assertThat(refused.body()).contains(tenant, "6.0 MiB", "at most 4 MiB");
      }
      assertThat(get(two).path("state").asText()).isEqualTo("inactive");
      unused = done(one + "/deactivate", "{}");
      unused = done(two + "/activate", "{\"version\":1}");
      // Of the active version and a candidate an instance is given one.
      unused = done(two + "/rollout", "{\"version\":2,\"percent\":5}");
      unused = done(two + "/rollout/finish", "{}");
      for (int i = 0; i < 7; i++) {
        others.add(stored.put(samples.name(), samples.name(), 1, large));
        stored.stand(others.get(i), 1, null, null, null);
      }
      String last = "/" + stored.put(samples.name(), samples.name(), 1, large);
      HttpResponse<String> refused = call("POST", last + "/activate", "{\"version\":1}");
      assertThat(refused.statusCode()).isEqualTo(409);
      assertThat(refused.body()).contains("more than 24 MiB");
      unused = done(two + "/roll-back", "{}");
    } finally {
      for (String each : others) {
        stored.stand(each, null, null, null, null);
      }
      JsonNode unused = done(two + "/deactivate", "{}");
    }
  }

  @Test
  void whatCannotBeReadIsRefusedWithItsPlaces() throws Exception {
    String wrong = PolicySamples.source("p", "blok").replace("findings:", "finding:");
    HttpResponse<String> refused = call("POST", "", PolicySamples.body(wrong, ""));
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("/source", "rules[0].action", "blok");
    JsonNode told = done("/validate", PolicySamples.body(wrong, ""));
    assertThat(told.path("valid").asBoolean()).isFalse();
    assertThat(told.path("problems").findValuesAsText("path")).contains("rules[0].action");
    assertThat(told.path("problems").get(0).path("line").asInt()).isGreaterThan(3);
    JsonNode fine = done("/validate", PolicySamples.body(PolicySamples.source("p", "block"), ""));
    assertThat(fine.path("valid").asBoolean()).isTrue();
    assertThat(fine.path("name").asText()).isEqualTo("p");
  }

  @Test
  void aConflictWithTheStandardPolicyIsTold() throws Exception {
    String tenant = "t-" + samples.name();
    assertThat(
            plane
                .call("POST", "/api/v1/tenants", plane.admin(), "{\"id\":\"" + tenant + "\"}")
                .statusCode())
        .isEqualTo(201);
    String standard = samples.name();
    String more = ",\"tenant\":\"" + tenant + "\",\"standard\":true";
    HttpResponse<String> made =
        call(
            "POST",
            "",
            PolicySamples.body(PolicySamples.source(standard, "block") + "mode: enforce\n", more));
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    String second = PolicySamples.body(PolicySamples.source(samples.name(), "block"), more);
    assertThat(call("POST", "", second).body()).contains("the standard policy is " + standard);
    String nearer =
        PolicySamples.body(
            PolicySamples.source("nearer", "flag") + "mode: observe\n",
            ",\"tenant\":\"" + tenant + "\"");
    assertThat(done("/validate", nearer).path("conflicts")).isEmpty();
    JsonNode unused =
        done(
            "/" + TestControlPlane.json(made).path("id").asText() + "/activate", "{\"version\":1}");
    assertThat(done("/validate", nearer).path("conflicts").toString())
        .contains("mode", standard, "jailbreaks");
  }

  @Test
  void versionsAreActivatedRolledOutAndRolledBack() throws Exception {
    String id = "/" + samples.made(OWN);
    assertThat(call("POST", id + "/roll-back", "{}").statusCode()).isEqualTo(409);
    assertThat(done(id + "/activate", "{\"version\":1}").path("active").asInt()).isEqualTo(1);
    Instant first = Instant.now();
    assertThat(call("POST", id + "/activate", "{\"version\":7}").statusCode()).isEqualTo(404);

    JsonNode rolling = done(id + "/rollout", "{\"version\":2,\"percent\":10}");
    assertThat(rolling.path("state").asText()).isEqualTo("rolling_out");
    assertThat(rolling.path("rollout").path("percent").asInt()).isEqualTo(10);
    assertThat(done(id + "/rollout", "{\"version\":2,\"percent\":50}").path("active").asInt())
        .isEqualTo(1);
    assertThat(done(id + "/roll-back", "{}").has("candidate")).isFalse();
    JsonNode labelled = done(id + "/rollout", "{\"version\":2,\"labels\":{\"env\":\"canary\"}}");
    assertThat(labelled.path("rollout").path("labels").path("env").asText()).isEqualTo("canary");
    assertThat(call("POST", id + "/rollout", "{\"version\":2}").statusCode()).isEqualTo(400);
    JsonNode finished = done(id + "/rollout/finish", "{}");
    assertThat(finished.path("active").asInt()).isEqualTo(2);
    assertThat(finished.has("candidate")).isFalse();

    assertThat(done(id + "/roll-back", "{\"message\":\"too mild\"}").path("active").asInt())
        .isEqualTo(1);
    // Each step back goes further, and not back and forth.
    assertThat(call("POST", id + "/roll-back", "{}").statusCode()).isEqualTo(409);
    assertThat(done(id + "/deactivate", "{}").path("state").asText()).isEqualTo("inactive");
    assertThat(done(id + "/roll-back", "{}").path("active").asInt()).isEqualTo(1);

    assertThat(done(id + "/shadow", "{\"version\":2}").path("shadow").asInt()).isEqualTo(2);
    assertThat(call("POST", id + "/shadow", "{\"version\":1}").statusCode()).isEqualTo(409);
    assertThat(done(id + "/shadow/stop", "{}").has("shadow")).isFalse();

    JsonNode history = get(id + "/activations").path("items");
    assertThat(history.findValuesAsText("kind"))
        .containsExactly(
            "shadow_stop",
            "shadow",
            "roll_back",
            "deactivate",
            "roll_back",
            "rollout_finish",
            "rollout",
            "roll_back",
            "rollout",
            "rollout",
            "activate");
    assertThat(history.get(4).path("message").asText()).isEqualTo("too mild");
    JsonNode then = get(id + "/activations?at=" + first).path("items");
    assertThat(then).hasSize(1);
    assertThat(then.get(0).path("active").asInt()).isEqualTo(1);
    String audit =
        plane
            .call("GET", "/api/v1/audit?action=policy.roll_back&tenant=" + OWN, plane.admin(), null)
            .body();
    assertThat(audit).contains("policy:" + id.substring(1));
  }

  @Test
  void anAuthorNeedsSomebodyElseWhereTwoAreAskedFor() throws Exception {
    String tenant = "t-" + samples.name();
    assertThat(
            plane
                .call(
                    "POST",
                    "/api/v1/tenants",
                    plane.admin(),
                    "{\"id\":\"" + tenant + "\",\"settings\":{\"policies.approval\":\"required\"}}")
                .statusCode())
        .isEqualTo(201);
    String id = "/" + samples.made(tenant);
    HttpResponse<String> refused = call("POST", id + "/activate", "{\"version\":1}");
    assertThat(refused.statusCode()).isEqualTo(409);
    assertThat(refused.body()).contains("somebody else");
    assertThat(call("POST", id + "/rollout", "{\"version\":1,\"percent\":5}").statusCode())
        .isEqualTo(409);
    assertThat(call("POST", id + "/versions/1/approve", "{}").statusCode()).isEqualTo(409);
    String other = plane.key("operator", tenant);
    HttpResponse<String> approved =
        plane.call("POST", "/api/v1/policies" + id + "/versions/1/approve", other, "{}");
    assertThat(approved.statusCode()).as(approved.body()).isEqualTo(200);
    assertThat(TestControlPlane.json(approved).path("approved_by").asText()).startsWith("key:");
    assertThat(call("POST", id + "/activate", "{\"version\":1}").statusCode()).isEqualTo(200);
    // The other one did not write it, and so is the second person.
    assertThat(
            plane
                .call("POST", "/api/v1/policies" + id + "/activate", other, "{\"version\":2}")
                .statusCode())
        .isEqualTo(200);
    // Taking back needs nobody.
    assertThat(call("POST", id + "/roll-back", "{}").statusCode()).isEqualTo(200);
  }

  @Test
  void whoWritesPoliciesDoesNotSwitchTheSecondPersonOff() throws Exception {
    String tenant = newTenant();
    String settings = "/api/v1/settings/tenants/" + tenant;
    String operator = plane.key("operator", tenant);
    for (String value : List.of("\"none\"", "\"required\"", "null")) {
      for (String others : List.of("", ",\"retention\":\"long\"")) {
        HttpResponse<String> refused = approval(settings, operator, value + others);
        assertThat(refused.statusCode()).as(value).isEqualTo(403);
        assertThat(refused.body())
            .contains("policies.approval: tenants:write is needed for this tenant");
      }
    }
    HttpResponse<String> forAll =
        approval("/api/v1/settings", plane.key("operator", "*"), "\"none\"");
    assertThat(forAll.statusCode()).isEqualTo(403);
    assertThat(forAll.body()).contains("tenants:write is needed for all tenants");
    // Nothing of what was refused was done, and other settings are still theirs.
    assertThat(plane.call("GET", settings, plane.admin(), null).body()).doesNotContain("\"long\"");
    assertThat(
            plane
                .call(
                    "PATCH",
                    settings,
                    operator,
                    "{\"values\":{\"retention\":\"long\"}}",
                    "If-Match",
                    "*")
                .statusCode())
        .isEqualTo(200);

    String admin = plane.key("admin", tenant);
    assertThat(approval(settings, admin, "\"required\"").statusCode()).isEqualTo(200);
    String id = "/api/v1/policies/" + new PolicySamples(plane, operator).made(tenant);
    assertThat(plane.call("POST", id + "/activate", operator, "{\"version\":1}").statusCode())
        .isEqualTo(409);
  }

  @Test
  void aTenantAsksForNoLessThanTheInstallation() throws Exception {
    String tenant = newTenant();
    String settings = "/api/v1/settings/tenants/" + tenant;
    String admin = plane.key("admin", tenant);
    String id = "/api/v1/policies/" + new PolicySamples(plane, admin).made(tenant);
    assertThat(approval(settings, admin, "\"none\"").statusCode()).isEqualTo(200);
    try {
      assertThat(approval("/api/v1/settings", plane.admin(), "\"required\"").statusCode())
          .isEqualTo(200);
      JsonNode shown = TestControlPlane.json(plane.call("GET", settings, admin, null));
      assertThat(shown.path("settings"))
          .filteredOn(each -> each.path("key").asText().equals("policies.approval"))
          .singleElement()
          .satisfies(
              each -> {
                assertThat(each.path("value").asText()).isEqualTo("required");
                assertThat(each.path("source").asText()).isEqualTo("installation");
              });
      assertThat(plane.call("POST", id + "/activate", admin, "{\"version\":1}").statusCode())
          .isEqualTo(409);
    } finally {
      approval("/api/v1/settings", plane.admin(), "null");
    }
    assertThat(plane.call("POST", id + "/activate", admin, "{\"version\":1}").statusCode())
        .isEqualTo(200);
  }

  private String newTenant() throws Exception {
    String tenant = "t-" + samples.name();
    assertThat(
            plane
                .call("POST", "/api/v1/tenants", plane.admin(), "{\"id\":\"" + tenant + "\"}")
                .statusCode())
        .isEqualTo(201);
    return tenant;
  }

  /**
   * Sets how many people a version needs.
   *
   * @param value of JSON, and further values behind a comma
   */
  private HttpResponse<String> approval(String settings, String key, String value)
      throws Exception {
    return plane.call(
        "PATCH",
        settings,
        key,
        "{\"values\":{\"policies.approval\":" + value + "}}",
        "If-Match",
        "*");
  }

  @Test
  void everybodysPoliciesAreSeenByAllAndChangedByWhoeverMayForAll() throws Exception {
    String id = samples.made(null);
    String own = plane.key("operator", OWN);
    String path = "/api/v1/policies/" + id;
    assertThat(plane.call("GET", path, own, null).statusCode()).isEqualTo(200);
    assertThat(plane.call("GET", path + "/versions/1", own, null).statusCode()).isEqualTo(200);
    assertThat(plane.call("POST", path + "/activate", own, "{\"version\":1}").statusCode())
        .isEqualTo(404);
    assertThat(plane.call("POST", "/api/v1/policies", own, samples.newBody(null)).statusCode())
        .isEqualTo(403);
    String foreign = samples.made(FOREIGN);
    assertThat(plane.call("GET", "/api/v1/policies/" + foreign, own, null).statusCode())
        .isEqualTo(404);
    assertThat(plane.call("GET", "/api/v1/policies?limit=500", own, null).body())
        .contains(id)
        .doesNotContain(foreign);
  }

  @Test
  void whatAShadowWouldHaveDoneIsAddedUp() throws Exception {
    String id = samples.made(OWN, "/activate", "{\"version\":1}", "/shadow", "{\"version\":2}");
    String name = get("/" + id).path("name").asText();
    for (List<String> row :
        List.of(
            List.of(OWN, "block", "flag", "3"),
            List.of(OWN, "allow", "allow", "40"),
            List.of(FOREIGN, "block", "block", "5"))) {
      plane.sql(
          "INSERT INTO policy_shadow_sums VALUES (extract(epoch FROM now())::bigint / 3600 * 3600,"
              + " '%s', '%s', 2, '%s', '%s', %s)"
                  .formatted(row.get(0), name, row.get(1), row.get(2), row.get(3)));
    }
    plane.sql(
        "INSERT INTO policy_shadow_examples VALUES ('%s', '%s', 2, 'block', 'flag', 'r', '%s')"
            .formatted(OWN, name, "01ARZ3NDEKTSV4RRFFQ69G5FAV"));
    JsonNode report = get("/" + id + "/shadow/report");
    assertThat(report.path("version").asInt()).isEqualTo(2);
    assertThat(report.path("exchanges").asInt()).isEqualTo(43);
    assertThat(report.path("different").asInt()).isEqualTo(3);
    assertThat(report.path("examples")).hasSize(1);
    assertThat(report.path("examples").get(0).path("finding_types")).isEmpty();
    assertThat(get("/" + id + "/shadow/report?since=2999-01-01").path("exchanges").asInt())
        .isZero();
  }

  @Test
  void whatInstancesSendOfAShadowIsCounted() throws Exception {
    String id = samples.made(OWN, "/activate", "{\"version\":1}", "/shadow", "{\"version\":2}");
    ShadowDecision shadow =
        new ShadowDecision(get("/" + id).path("name").asText(), 2, Action.FLAG, "p/mild");
    Ulid ids = new Ulid();
    String decision = ids.next();
    Batch batch =
        new Batch(
            Batch.SCHEMA,
            "shadow",
            ids.next(),
            1,
            List.of(
                shadowed(decision, Action.BLOCK, shadow),
                shadowed(ids.next(), Action.FLAG, shadow),
                Records.inspection(ids.next(), Records.Who.tenant(OWN))));
    HttpResponse<String> stored =
        plane.call(
            "POST",
            "/api/v1/ingest/batches",
            plane.key("instance", OWN),
            WireJson.mapper().writeValueAsString(batch));
    assertThat(stored.statusCode()).as(stored.body()).isEqualTo(200);
    JsonNode report = get("/" + id + "/shadow/report");
    assertThat(report.path("exchanges").asInt()).isEqualTo(2);
    assertThat(report.path("different").asInt()).isEqualTo(1);
    JsonNode example = report.path("examples").get(0);
    assertThat(example.path("decision_id").asText()).isEqualTo(decision);
    assertThat(example.path("rule").asText()).isEqualTo("p/mild");
    assertThat(example.path("finding_types").toString()).isEqualTo("[\"jailbreak\"]");
  }

  private static InspectionRecord shadowed(String id, Action would, ShadowDecision shadow) {
    InspectionRecord of =
        Records.inspection(
            id,
            Records.Who.tenant(OWN),
            would,
            Coverage.INSPECTED,
            List.of(Records.finding(FindingType.JAILBREAK, Severity.HIGH)));
    return new InspectionRecord(
        of.decisionId(),
        System.currentTimeMillis(),
        of.traceId(),
        of.tenant(),
        of.route(),
        of.consumer(),
        of.method(),
        of.path(),
        of.dialect(),
        of.provider(),
        of.model(),
        of.stream(),
        of.decision(),
        of.findings(),
        of.receipt(),
        of.stagesMicros(),
        of.tap(),
        of.agent(),
        of.redacted(),
        of.conversation(),
        shadow);
  }
}
