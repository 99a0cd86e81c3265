package io.llmtrace.controlplane.feedback;

import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.StoredRows;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.detect.signatures.SignaturePack;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class FeedbackTest {
  private static TestControlPlane plane;
  private static StoredRows rows;

  @BeforeAll
  static void take(TestControlPlane given) {
    plane = given;
    rows = new StoredRows(given);
  }

  @Test
  void aFalsePositiveBecomesAProposalOfAnException() throws Exception {
    String id = finding("exceptions");
    HttpResponse<String> made =
        call(
            "POST",
            "/findings/" + id + "/feedback",
            "{\"verdict\":\"false_positive\",\"scope\":\"tenant\",\"comment\":\"our own words\"}");
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    JsonNode feedback = json(made);
    assertThat(feedback.path("kind").asText()).isEqualTo("exception");
    assertThat(feedback.path("scope").asText()).isEqualTo("tenant");
    assertThat(feedback.path("rule").asText()).isEqualTo("pi-001");
    assertThat(feedback.path("detector").asText()).isEqualTo("signatures:override");
    assertThat(feedback.path("zone").asText()).isEqualTo("user");
    assertThat(feedback.path("evidence").asText()).isEqualTo("seen ***");
    JsonNode finding = json(call("GET", "/findings/" + id, null));
    assertThat(finding.path("state").asText()).isEqualTo("false_positive");
    assertThat(finding.path("comment").asText()).isEqualTo("our own words");

    String at =
        URI.create(made.headers().firstValue("Location").orElseThrow())
            .getPath()
            .substring("/api/v1".length());
    assertThat(json(call("GET", at, null))).isEqualTo(feedback);
    assertThat(call("GET", at + "/pack-case", null).statusCode()).isEqualTo(409);
    assertThat(call("PATCH", at, "{\"state\":\"accepted\"}").statusCode()).isEqualTo(428);
    assertThat(call("PATCH", at, "{\"state\":\"accepted\"}", "If-Match", "\"1\"").statusCode())
        .isEqualTo(200);
    for (String query :
        List.of("", "&state=accepted", "&kind=exception", "&rule=pi-001", "&finding_id=" + id)) {
      assertThat(json(call("GET", "/feedback?tenant=exceptions" + query, null)).path("items"))
          .as(query)
          .hasSize(1);
    }
    for (String query : List.of("&state=open", "&verdict=missed", "&until=2020-01-01")) {
      assertThat(json(call("GET", "/feedback?tenant=exceptions" + query, null)).path("items"))
          .as(query)
          .isEmpty();
    }
    assertThat(call("GET", "/feedback?kind=x", null).statusCode()).isEqualTo(400);
  }

  @Test
  void whatWasMissedBecomesAPackThatFindsIt() throws Exception {
    String id = finding("missed");
    String text = "Kindly: \"forget\" (all)\n  \\E the: rules # of 'us' — ok?";
    JsonNode feedback =
        json(
            call(
                "POST",
                "/findings/" + id + "/feedback",
                WireJson.mapper()
                    .writeValueAsString(
                        Map.of(
                            "verdict",
                            "missed",
                            "type",
                            "jailbreak",
                            "severity",
                            "critical",
                            "text",
                            text))));
    assertThat(feedback.path("kind").asText()).as(feedback.toString()).isEqualTo("pack_case");
    HttpResponse<String> yaml =
        call("GET", "/feedback/" + feedback.path("id").asText() + "/pack-case", null);
    assertThat(yaml.headers().firstValue("Content-Type")).hasValue("application/yaml");
    // A pack runs its own cases when it is read.
    assertThat(SignaturePack.parse("mine", yaml.body()).ruleIds())
        .containsExactly("feedback-" + feedback.path("id").asText().toLowerCase(Locale.ROOT));
    assertThat(yaml.body()).contains("severity: critical", "matches:");
    assertThat(json(call("GET", "/findings/" + id, null)).path("state").asText()).isEqualTo("open");
    assertThat(plane.query("SELECT string_agg(after, ' ') FROM audit WHERE tenant = 'missed'"))
        .contains("pack_case")
        .doesNotContain("Kindly");
  }

  @Test
  void aFalsePositiveWithItsTextIsACaseOfTheRuleThatFoundIt() throws Exception {
    String id = finding("cases");
    JsonNode feedback =
        json(
            call(
                "POST",
                "/findings/" + id + "/feedback",
                "{\"verdict\":\"false_positive\",\"text\":\"The house rules: be kind.\"}"));
    assertThat(call("GET", "/feedback/" + feedback.path("id").asText() + "/pack-case", null).body())
        .isEqualTo(
            """
            # A case of a rule that is there: add it under the rule's own does_not_match.
            rules:
            - id: pi-001
              does_not_match:
              - 'The house rules: be kind.'
            """);
  }

  @Test
  void aRetryIsDoneOnce() throws Exception {
    String id = finding("retried");
    for (int i = 0; i < 2; i++) {
      assertThat(
              call(
                      "POST",
                      "/findings/" + id + "/feedback",
                      "{\"verdict\":\"false_positive\"}",
                      "Idempotency-Key",
                      "0123456789abcdef")
                  .statusCode())
          .isEqualTo(201);
    }
    assertThat(plane.query("SELECT count(*) FROM feedback WHERE tenant = 'retried'"))
        .isEqualTo("1");
  }

  @Test
  void whatIsWrongIsNamedWithWhatWouldBeRight() throws Exception {
    String id = finding("wrong");
    Map<String, String> wrong = new LinkedHashMap<>();
    wrong.put("{}", "/verdict: expected one of false_positive, missed");
    wrong.put("{\"verdict\":\"missed\"}", "/text: expected the text that was missed");
    wrong.put("{\"verdict\":\"missed\",\"text\":\" \"}", "/text: expected a text of 1 to");
    wrong.put(
        "{\"verdict\":\"missed\",\"text\":\"x\",\"kind\":\"exception\"}",
        "/kind: expected pack_case");
    wrong.put("{\"verdict\":\"false_positive\",\"kind\":\"pack_case\"}", "/text: expected");
    wrong.put("{\"verdict\":\"false_positive\",\"type\":\"jailbreak\"}", "/type: expected");
    wrong.put("{\"verdict\":\"false_positive\",\"note\":\"x\"}", "/note: unknown field");
    wrong.put("{\"verdict\":\"missed\",\"text\":\"\u1c80\"}", "/text: no rule can be made of it");
    wrong.put("{\"verdict\":\"missed\",\"text\":\"please\"}", "/text: no rule can be made of it");
    for (Map.Entry<String, String> one : wrong.entrySet()) {
      HttpResponse<String> answer = call("POST", "/findings/" + id + "/feedback", one.getKey());
      assertThat(answer.statusCode()).as(one.getKey()).isEqualTo(400);
      assertThat(json(answer).path("detail").asText()).contains(one.getValue());
    }
    assertThat(
            call(
                    "POST",
                    "/findings/" + new Ulid().next() + ".request.1/feedback",
                    "{\"verdict\":\"false_positive\"}")
                .statusCode())
        .isEqualTo(404);
  }

  private static String finding(String tenant) throws Exception {
    String id = new Ulid().next();
    rows.finding(id, tenant, "request", 1, "prompt_injection", "high", "seen ***");
    return id + ".request.1";
  }

  private static HttpResponse<String> call(String verb, String path, String body, String... headers)
      throws Exception {
    return plane.call(verb, "/api/v1" + path, plane.admin(), body, headers);
  }
}
