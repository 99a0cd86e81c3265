package io.llmtrace.controlplane.prices;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.id.Ulid;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class PricesTest {
  private final String model = ("m-" + new Ulid().next()).toLowerCase(Locale.ROOT);

  private String body(String tenant, String more) {
    return "{%s\"provider\":\"openai\",\"model\":\"%s\",\"input\":1.5,\"output\":3%s}"
        .formatted(tenant == null ? "" : "\"tenant\":\"" + tenant + "\",", model, more);
  }

  private static HttpResponse<String> post(TestControlPlane plane, String key, String body)
      throws Exception {
    return plane.call("POST", "/api/v1/prices", key, body);
  }

  @Test
  void theTableSaysWhereEachPriceIsFromAndWhichOneHolds(TestControlPlane plane) throws Exception {
    JsonNode shipped =
        get(plane, plane.admin(), "/api/v1/prices?provider=openai&model=gpt-4o").get(0);
    assertThat(shipped.path("listed_in").asText()).isEqualTo("built_in");
    assertThat(shipped.path("state").asText()).isEqualTo("effective");
    assertThat(shipped.path("unit").asText()).isEqualTo("usd_per_million_tokens");
    assertThat(shipped.path("valid_from").asText()).matches("[0-9]{4}-[0-9]{2}-[0-9]{2}");

    String later = ",\"valid_from\":\"2999-01-01\"";
    assertThat(post(plane, plane.admin(), body(null, "")).statusCode()).isEqualTo(201);
    assertThat(post(plane, plane.admin(), body(TestControlPlane.OWN, later)).statusCode())
        .isEqualTo(201);
    String own = plane.key("viewer", TestControlPlane.OWN);
    String query = "/api/v1/prices?listed_in=stored&model=" + model;
    assertThat(get(plane, own, query)).hasSize(2);
    assertThat(get(plane, own, query).findValuesAsText("state"))
        .containsExactlyInAnyOrder("effective", "later");
    assertThat(get(plane, plane.key("viewer", TestControlPlane.FOREIGN), query)).hasSize(1);

    JsonNode first =
        TestControlPlane.json(plane.call("GET", "/api/v1/prices?limit=3", plane.admin(), null));
    JsonNode second =
        TestControlPlane.json(
            plane.call(
                "GET",
                "/api/v1/prices?limit=3&cursor=" + first.path("next").asText(),
                plane.admin(),
                null));
    assertThat(second.path("items").get(0)).isNotEqualTo(first.path("items").get(2));
  }

  @Test
  void aPriceIsReplacedAndForgottenWithAnAudit(TestControlPlane plane) throws Exception {
    HttpResponse<String> made = post(plane, plane.admin(), body(TestControlPlane.OWN, ""));
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    String path = path(made);
    String changed = body(TestControlPlane.OWN, ",\"cached_input\":0.5,\"source\":\"contract 7\"");
    assertThat(plane.call("PUT", path, plane.admin(), changed).statusCode()).isEqualTo(428);
    assertThat(plane.call("PUT", path, plane.admin(), changed, "If-Match", "\"9\"").statusCode())
        .isEqualTo(412);
    HttpResponse<String> replaced =
        plane.call("PUT", path, plane.admin(), changed, "If-Match", "\"1\"");
    assertThat(replaced.statusCode()).as(replaced.body()).isEqualTo(200);
    assertThat(replaced.headers().firstValue("ETag")).hasValue("\"2\"");
    assertThat(TestControlPlane.json(replaced).path("cached_input").decimalValue())
        .isEqualByComparingTo("0.5");
    assertThat(plane.call("PUT", path, plane.admin(), body(null, ""), "If-Match", "*").body())
        .contains("cannot be changed");
    assertThat(plane.call("DELETE", path, plane.admin(), null, "If-Match", "\"2\"").statusCode())
        .isEqualTo(204);
    assertThat(plane.call("GET", path, plane.admin(), null).statusCode()).isEqualTo(404);
    String audit =
        plane
            .call(
                "GET",
                "/api/v1/audit?action=price.change&tenant=" + TestControlPlane.OWN,
                plane.admin(),
                null)
            .body();
    assertThat(audit).contains("contract 7", model);
  }

  private static String path(HttpResponse<String> made) {
    return URI.create(made.headers().firstValue("Location").orElseThrow()).getPath();
  }

  @Test
  void whatIsWrongIsSaid(TestControlPlane plane) throws Exception {
    for (String amount : new String[] {"-1", "1e999", "1e10", "\"1\"", "null", "0.00000000001"}) {
      HttpResponse<String> answer =
          post(
              plane,
              plane.admin(),
              "{\"provider\":\"openai\",\"model\":\"m\",\"input\":%s,\"output\":1}"
                  .formatted(amount));
      assertThat(answer.statusCode()).as(amount).isEqualTo(400);
      assertThat(answer.body()).as(amount).contains("/input");
    }
    HttpResponse<String> wrong =
        post(
            plane,
            plane.admin(),
            "{\"provider\":\"Open AI\",\"model\":\"a*b\",\"unit\":\"eur\",\"input\":1,\"output\":1,"
                + "\"valid_from\":\"2026-02-01\",\"valid_until\":\"2026-01-01\"}");
    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(wrong.body()).contains("/provider", "/model", "/unit", "/valid_until");
  }

  @Test
  void twoPricesOfAModelNeverHoldOnTheSameDay(TestControlPlane plane) throws Exception {
    String first = ",\"valid_from\":\"2026-01-01\",\"valid_until\":\"2026-02-01\"";
    assertThat(post(plane, plane.admin(), body(TestControlPlane.OWN, first)).statusCode())
        .isEqualTo(201);
    HttpResponse<String> overlaps =
        post(plane, plane.admin(), body(TestControlPlane.OWN, ",\"valid_from\":\"2026-01-31\""));
    assertThat(overlaps.statusCode()).isEqualTo(409);
    assertThat(overlaps.body()).contains("holds from 2026-01-01 until 2026-02-01");
    assertThat(
            post(plane, plane.admin(), body(TestControlPlane.OWN, ",\"valid_from\":\"2026-02-01\""))
                .statusCode())
        .isEqualTo(201);
    assertThat(post(plane, plane.admin(), body(TestControlPlane.FOREIGN, first)).statusCode())
        .isEqualTo(201);
  }

  @Test
  void whoIsOfATenantSaysPricesOfThatTenantAlone(TestControlPlane plane) throws Exception {
    String operator = plane.key("operator", TestControlPlane.OWN);
    assertThat(post(plane, operator, body(null, "")).statusCode()).isEqualTo(403);
    assertThat(post(plane, operator, body(TestControlPlane.FOREIGN, "")).statusCode())
        .isEqualTo(403);
    assertThat(post(plane, operator, body(TestControlPlane.OWN, "")).statusCode()).isEqualTo(201);
    String global = path(post(plane, plane.admin(), body(null, "")));
    assertThat(plane.call("GET", global, operator, null).statusCode()).isEqualTo(200);
    assertThat(plane.call("DELETE", global, operator, null, "If-Match", "*").statusCode())
        .isEqualTo(404);
  }

  @Test
  void pluginsAreToldOnceOfWhatConcernsThem(TestControlPlane plane) throws Exception {
    post(plane, plane.admin(), body(TestControlPlane.FOREIGN, ""));
    post(plane, plane.admin(), body(TestControlPlane.OWN, ""));
    String instance = plane.key("instance", TestControlPlane.OWN);
    JsonNode told = ask(plane, instance, 0);
    assertThat(told.path("prices").toString())
        .contains(model)
        .doesNotContain(TestControlPlane.FOREIGN);
    assertThat(told.path("tenants").toString()).isEqualTo("[\"" + TestControlPlane.OWN + "\"]");
    assertThat(ask(plane, instance, told.path("prices").path("revision").asLong()).has("prices"))
        .isFalse();
  }

  private static JsonNode ask(TestControlPlane plane, String key, long revision) throws Exception {
    HttpResponse<String> answer =
        plane.call(
            "POST",
            "/api/v1/ingest/leases",
            key,
            "{\"node\":\"n/1\",\"demands\":[],\"budgets\":[],\"prices\":" + revision + "}");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return TestControlPlane.json(answer);
  }

  private static JsonNode get(TestControlPlane plane, String key, String path) throws Exception {
    HttpResponse<String> answer = plane.call("GET", path, key, null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return TestControlPlane.json(answer).path("items");
  }
}
