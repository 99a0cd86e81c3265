package io.llmtrace.controlplane.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import java.net.http.HttpResponse;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class SettingsTest {
  private final String tenant = ("t-" + new Ulid().next()).toLowerCase(Locale.ROOT);

  private String path(TestControlPlane plane) throws Exception {
    plane.call("POST", "/api/v1/tenants", plane.admin(), "{\"id\":\"" + tenant + "\"}");
    return "/api/v1/settings/tenants/" + tenant;
  }

  private static HttpResponse<String> patch(
      TestControlPlane plane, String path, String values, String ifMatch) throws Exception {
    return plane.call(
        "PATCH", path, plane.admin(), "{\"values\":" + values + "}", "If-Match", ifMatch);
  }

  private static JsonNode line(HttpResponse<String> view, String key) throws Exception {
    assertThat(view.statusCode()).as(view.body()).isEqualTo(200);
    for (JsonNode each : TestControlPlane.json(view).path("settings")) {
      if (each.path("key").asText().equals(key)) {
        return each;
      }
    }
    throw new AssertionError(key + " is not in " + view.body());
  }

  @Test
  void whatHoldsIsShownWithWhereItComesFrom(TestControlPlane plane) throws Exception {
    String path = path(plane);
    HttpResponse<String> before = plane.call("GET", path, plane.admin(), null);
    assertThat(line(before, "retention").path("source").asText()).isEqualTo("default");
    assertThat(line(before, "retention").path("value").asText()).isEqualTo("standard");
    HttpResponse<String> changed =
        patch(
            plane,
            path,
            "{\"retention\":\"long\"}",
            before.headers().firstValue("ETag").orElseThrow());
    assertThat(line(changed, "retention").path("source").asText()).isEqualTo("tenant");
    assertThat(line(changed, "retention").path("fallback").asText()).isEqualTo("standard");
    // One owner: the tenant itself shows the same.
    assertThat(
            TestControlPlane.json(
                    plane.call("GET", "/api/v1/tenants/" + tenant, plane.admin(), null))
                .path("settings")
                .toString())
        .isEqualTo("{\"retention\":\"long\"}");
    HttpResponse<String> back = patch(plane, path, "{\"retention\":null}", "*");
    assertThat(line(back, "retention").path("source").asText()).isEqualTo("default");
    assertThat(
            plane
                .call(
                    "GET",
                    "/api/v1/audit?action=settings.change&tenant=" + tenant,
                    plane.admin(),
                    null)
                .body())
        .contains("\"before\"", "long");
    HttpResponse<String> all = plane.call("GET", "/api/v1/settings", plane.admin(), null);
    // The tests' own rate limit differs from the default, and is said in the configuration.
    assertThat(line(all, "rate_limit.burst").path("source").asText()).isEqualTo("file");
    assertThat(line(all, "retention.short_days").path("source").asText()).isEqualTo("default");
  }

  @Test
  void wrongKeysAndValuesAreRefusedWithWhatWouldBeRight(TestControlPlane plane) throws Exception {
    String path = path(plane);
    HttpResponse<String> refused =
        patch(plane, path, "{\"retentoin\":\"long\",\"budgets.enforcement\":\"firm\"}", "*");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body())
        .contains("did you mean retention?", "expected one of soft, hard, or null");
    assertThat(patch(plane, path, "{\"retention.short_days\":3}", "*").statusCode()).isEqualTo(400);
    assertThat(patch(plane, "/api/v1/settings", "{\"rate_limit.burst\":3}", "*").body())
        .contains("llmtrace.yaml");
    assertThat(patch(plane, path, "{\"retention\":\"long\"}", "\"77\"").statusCode())
        .isEqualTo(412);
    assertThat(plane.call("PATCH", path, plane.admin(), "{\"values\":{}}").statusCode())
        .isEqualTo(428);
  }

  @Test
  void theTenantsOwnPathTakesNoOtherValues(TestControlPlane plane) throws Exception {
    String made = path(plane);
    for (String wrong :
        List.of(
            "{\"budgets.enforcement\":\"Hard\"}",
            "{\"retention\":\"ever\"}",
            "{\"retention\":null}")) {
      HttpResponse<String> refused =
          plane.call(
              "PATCH",
              "/api/v1/tenants/" + tenant,
              plane.admin(),
              "{\"settings\":" + wrong + "}",
              "If-Match",
              "*");
      assertThat(refused.statusCode()).as(wrong).isEqualTo(400);
      assertThat(refused.body()).contains("settings/").contains("expected");
    }
    HttpResponse<String> free =
        plane.call(
            "PATCH",
            "/api/v1/tenants/" + tenant,
            plane.admin(),
            "{\"settings\":{\"colour\":\"red\",\"budgets.enforcement\":\"hard\"}}",
            "If-Match",
            "*");
    assertThat(free.statusCode()).as(free.body()).isEqualTo(200);
    assertThat(
            line(plane.call("GET", made, plane.admin(), null), "budgets.enforcement")
                .path("value")
                .asText())
        .isEqualTo("hard");
  }

  @Test
  void theInstallationsValueHoldsForTenantsWithoutTheirOwn(TestControlPlane plane)
      throws Exception {
    String path = path(plane);
    String budget = "{\"name\":\"b\",\"tenant\":\"%s\",\"usd\":5}".formatted(tenant);
    try {
      HttpResponse<String> set =
          patch(plane, "/api/v1/settings", "{\"budgets.enforcement\":\"hard\"}", "*");
      assertThat(line(set, "budgets.enforcement").path("source").asText())
          .isEqualTo("installation");
      HttpResponse<String> own = plane.call("GET", path, plane.admin(), null);
      assertThat(line(own, "budgets.enforcement").path("source").asText())
          .isEqualTo("installation");
      assertThat(plane.call("POST", "/api/v1/budgets", plane.admin(), budget).body())
          .contains("\"enforcement\":\"hard\"");
      patch(plane, path, "{\"budgets.enforcement\":\"soft\"}", "*");
      assertThat(plane.call("POST", "/api/v1/budgets", plane.admin(), budget).body())
          .contains("\"enforcement\":\"soft\"");
    } finally {
      patch(plane, "/api/v1/settings", "{\"budgets.enforcement\":null}", "*");
    }
    String operator = plane.key("operator", tenant);
    assertThat(
            plane
                .call(
                    "PATCH",
                    "/api/v1/settings",
                    operator,
                    "{\"values\":{\"retention\":\"short\"}}",
                    "If-Match",
                    "*")
                .statusCode())
        .isEqualTo(403);
  }

  @Test
  void aFeatureSaysItsOwnInALineAndNoKeyTwice() {
    Setting<Double> own =
        Setting.number("x.sensitivity", Setting.Scope.TENANT, 3.5, 1, 10, "How much is too much.");
    assertThat(new Settings(List.of(own), List.of()).of("any", own)).isEqualTo(3.5);
    Setting<Boolean> same = Setting.yesOrNo("x.sensitivity", Setting.Scope.TENANT, true, "Again.");
    assertThatThrownBy(() -> new Settings(List.of(own, same), List.of()))
        .hasMessageContaining("x.sensitivity");
  }

  @Test
  void ofASettingThatIsToBeStrictTheStrictestHoldsWhoeverSaidIt() throws Exception {
    List<String> order = List.of("none", "some", "all");
    Setting<String> strict =
        Setting.choice("x.strict", Setting.Scope.TENANT, "none", order, "How strict.")
            .strictest(Comparator.comparing(order::indexOf));
    for (String file : order) {
      Settings settings = new Settings(List.of(), List.of(new Settings.FromFile<>(strict, file)));
      assertThat(settings.of("any", strict)).isEqualTo(file);
      for (String installation : order) {
        for (String tenant : order) {
          Settings.Held held = settings.held(strict, stored(tenant), stored(installation));
          String strictest =
              List.of(file, installation, tenant).stream()
                  .max(Comparator.comparing(order::indexOf))
                  .orElseThrow();
          assertThat(held.value().asText())
              .as(file + ", " + installation + ", " + tenant)
              .isEqualTo(strictest);
          // Where it comes from is the nearest who said it.
          assertThat(held.source())
              .isEqualTo(
                  tenant.equals(strictest)
                      ? Settings.Source.TENANT
                      : installation.equals(strictest)
                          ? Settings.Source.INSTALLATION
                          : Settings.Source.FILE);
        }
      }
    }
  }

  private static JsonNode stored(String value) throws Exception {
    return WireJson.mapper().readTree("{\"x.strict\":\"" + value + "\"}");
  }
}
