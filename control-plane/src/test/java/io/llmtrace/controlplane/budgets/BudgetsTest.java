package io.llmtrace.controlplane.budgets;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.ApiSamples;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.limit.Window;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class BudgetsTest {
  private final String tenant = ("t-" + new Ulid().next()).toLowerCase(Locale.ROOT);

  @Test
  void whatIsSpentIsInItsState(TestControlPlane plane) throws Exception {
    ApiSamples samples = new ApiSamples(plane);
    for (int i = 0; i < 3; i++) {
      samples.fill(tenant);
    }
    // Each of the samples costs 0.25 and has 34 tokens.
    HttpResponse<String> made =
        plane.call(
            "POST",
            "/api/v1/budgets",
            plane.admin(),
            "{\"name\":\"b\",\"tenant\":\"%s\",\"usd\":1,\"window_kind\":\"rolling\"}"
                .formatted(tenant));
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    String path = "/api/v1/budgets/" + TestControlPlane.json(made).path("id").asText();
    JsonNode state = json(plane, path).path("state");
    assertThat(state.path("usd").asDouble()).isEqualTo(0.75);
    assertThat(state.path("tokens").asLong()).isEqualTo(102);
    assertThat(state.path("percent").asInt()).isEqualTo(75);
    assertThat(state.path("reached").asInt()).isEqualTo(50);
    samples.fill(tenant);
    assertThat(json(plane, path).path("state").path("reached").asInt()).isEqualTo(100);

    JsonNode spend =
        json(plane, "/api/v1/spend?by=model&window=day&tenant=" + tenant).path("items");
    assertThat(spend).hasSize(1);
    assertThat(spend.get(0).path("key2").asText()).isEqualTo("gpt-4o");
    assertThat(spend.get(0).path("cost_usd").asDouble()).isEqualTo(1.0);
    assertThat(spend.get(0).path("requests").asInt()).isEqualTo(4);
  }

  @Test
  void aBudgetIsChangedAndEnded(TestControlPlane plane) throws Exception {
    String path =
        "/api/v1/budgets/"
            + TestControlPlane.json(
                    plane.call(
                        "POST",
                        "/api/v1/budgets",
                        plane.admin(),
                        "{\"name\":\"b\",\"tenant\":\"%s\",\"dimension\":\"model\",\"key\":\"gpt-4o\",\"tokens\":10}"
                            .formatted(tenant)))
                .path("id")
                .asText();
    String body = "{\"usd\":2.5,\"thresholds\":[90,10],\"enforcement\":\"hard\"}";
    assertThat(plane.call("PATCH", path, plane.admin(), body).statusCode()).isEqualTo(428);
    assertThat(plane.call("PATCH", path, plane.admin(), body, "If-Match", "\"7\"").statusCode())
        .isEqualTo(412);
    HttpResponse<String> changed =
        plane.call("PATCH", path, plane.admin(), body, "If-Match", "\"1\"");
    assertThat(changed.statusCode()).as(changed.body()).isEqualTo(200);
    JsonNode after = TestControlPlane.json(changed);
    assertThat(after.path("usd").asDouble()).isEqualTo(2.5);
    assertThat(after.has("tokens")).isFalse();
    assertThat(after.path("thresholds").toString()).isEqualTo("[10,90]");
    assertThat(plane.call("DELETE", path, plane.admin(), null, "If-Match", "\"2\"").statusCode())
        .isEqualTo(204);
    assertThat(plane.call("GET", path, plane.admin(), null).statusCode()).isEqualTo(404);
    assertThat(
            plane
                .call(
                    "GET",
                    "/api/v1/audit?action=budget.delete&tenant=" + tenant,
                    plane.admin(),
                    null)
                .body())
        .contains("gpt-4o");
  }

  @Test
  void wrongBudgetsAreRefusedWithAllThatIsWrong(TestControlPlane plane) throws Exception {
    HttpResponse<String> refused =
        plane.call(
            "POST",
            "/api/v1/budgets",
            plane.admin(),
            "{\"name\":\"b\",\"tenant\":\"%s\",\"dimension\":\"route\",\"usd\":1,\"tokens\":1,\"thresholds\":[0]}"
                .formatted(tenant));
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("/key", "/tokens", "/thresholds");
    for (String usd :
        new String[] {"1e999", "0", "-1", "1e10", "0.0000000001", "\"5\"", "1e-300"}) {
      HttpResponse<String> answer =
          plane.call(
              "POST",
              "/api/v1/budgets",
              plane.admin(),
              "{\"name\":\"b\",\"tenant\":\"%s\",\"usd\":%s}".formatted(tenant, usd));
      assertThat(answer.statusCode()).as(usd).isEqualTo(400);
      assertThat(answer.body()).contains("/usd");
    }
  }

  @Test
  void windowsBeginAndEndWhereTheyShould() {
    Instant now = Instant.parse("2026-03-04T05:06:07Z");
    assertThat(Span.of(Window.MONTH, Span.CALENDAR, now))
        .isEqualTo(
            new Span(Instant.parse("2026-03-01T00:00:00Z"), Instant.parse("2026-04-01T00:00:00Z")));
    assertThat(Span.of(Window.WEEK, Span.CALENDAR, now).from())
        .isEqualTo(Instant.parse("2026-03-02T00:00:00Z"));
    assertThat(Span.of(Window.HOUR, Span.CALENDAR, now).from())
        .isEqualTo(Instant.parse("2026-03-04T05:00:00Z"));
    assertThat(Span.of(Window.DAY, Span.ROLLING, now))
        .isEqualTo(new Span(Instant.parse("2026-03-03T05:00:00Z"), now));
  }

  private static JsonNode json(TestControlPlane plane, String path) throws Exception {
    HttpResponse<String> answer = plane.call("GET", path, plane.admin(), null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return TestControlPlane.json(answer);
  }
}
