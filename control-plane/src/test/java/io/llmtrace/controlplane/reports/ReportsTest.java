package io.llmtrace.controlplane.reports;

import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.ApiSamples;
import io.llmtrace.controlplane.StoredRows;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.controlplane.http.Html;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.id.Ulid;
import java.net.http.HttpResponse;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class ReportsTest {
  private static final String TENANT = "reported";

  private static TestControlPlane plane;

  @BeforeAll
  static void somethingToReport(TestControlPlane given) throws Exception {
    plane = given;
    plane.call("POST", "/api/v1/tenants", plane.admin(), "{\"id\":\"" + TENANT + "\"}");
    ApiSamples samples = new ApiSamples(plane);
    String id = "";
    for (int i = 0; i < 3; i++) {
      id = samples.fill(TENANT);
    }
    plane.call(
        "PATCH",
        "/api/v1/findings/" + id + ".request.1",
        plane.admin(),
        "{\"state\":\"resolved\"}",
        "If-Match",
        "*");
    plane.key("viewer", TENANT);
    plane.call(
        "POST",
        "/api/v1/holds",
        plane.admin(),
        "{\"tenant\":\"%s\",\"from\":\"2020-01-01\",\"until\":\"2020-01-01\",\"reason\":\"r\"}"
            .formatted(TENANT));
    plane.call(
        "POST",
        "/api/v1/erasures",
        plane.admin(),
        "{\"tenant\":\"%s\",\"consumer\":\"nobody\",\"reason\":\"r\"}".formatted(TENANT));
  }

  private static JsonNode report(String kind, String query) throws Exception {
    HttpResponse<String> answer =
        plane.call("GET", "/api/v1/reports/" + kind + query, plane.admin(), null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return json(answer);
  }

  private static long number(JsonNode report, String fact, String name) {
    JsonNode number = report.path("facts").path(fact).path("numbers").path(name);
    assertThat(number.isNumber()).as("%s of %s in %s", name, fact, report).isTrue();
    return number.asLong();
  }

  private static long recount(String sql) throws Exception {
    return Long.parseLong(plane.query(sql.formatted(TENANT)));
  }

  @Test
  void numbersAreThoseOfARecount() throws Exception {
    JsonNode soc2 = report("soc2", "?tenant=" + TENANT);
    assertThat(number(soc2, "traffic", "exchanges"))
        .isEqualTo(3)
        .isEqualTo(recount("SELECT count(*) FROM exchanges WHERE tenant = '%s'"));
    assertThat(number(soc2, "traffic", "flagged"))
        .isEqualTo(
            recount("SELECT count(*) FROM exchanges WHERE tenant = '%s' AND outcome = 'flag'"));
    assertThat(number(soc2, "traffic", "requests"))
        .isEqualTo(recount("SELECT count(*) FROM completions WHERE tenant = '%s'"));
    assertThat(number(soc2, "findings", "jailbreak"))
        .isEqualTo(recount("SELECT count(*) FROM findings WHERE tenant = '%s'"));
    assertThat(number(soc2, "handling", "resolved")).isEqualTo(1);
    assertThat(number(soc2, "access", "active_viewer")).isEqualTo(1);
    assertThat(number(soc2, "key_changes", "key.create"))
        .isEqualTo(
            recount("SELECT count(*) FROM audit WHERE tenant = '%s' AND action = 'key.create'"));
    JsonNode gdpr = report("gdpr", "?tenant=" + TENANT);
    assertThat(number(gdpr, "holds", "made")).isEqualTo(1);
    assertThat(number(gdpr, "erasures", "requested")).isEqualTo(1);
    assertThat(number(gdpr, "retention", "days_standard")).isEqualTo(30);
    JsonNode act = report("eu-ai-act", "?tenant=" + TENANT);
    assertThat(number(act, "logging", "days")).isEqualTo(30);
    assertThat(number(act, "logging", "days_with_records")).isBetween(1L, 2L);
    JsonNode owasp = report("owasp-llm-top10", "?tenant=" + TENANT);
    assertThat(number(owasp, "llm01", "jailbreak")).isEqualTo(3);
  }

  private static String status(JsonNode report, String id) {
    for (JsonNode control : report.path("controls")) {
      if (control.path("id").asText().equals(id)) {
        return control.path("status").asText();
      }
    }
    return "";
  }

  @Test
  void aControlSaysWhatThereIsToShow() throws Exception {
    JsonNode owasp = report("owasp-llm-top10", "?tenant=" + TENANT);
    assertThat(status(owasp, "LLM01:2025")).isEqualTo("partial");
    assertThat(status(owasp, "LLM04:2025")).isEqualTo("not_covered");
    JsonNode before =
        report("owasp-llm-top10", "?tenant=" + TENANT + "&from=2020-01-01&until=2020-02-01");
    assertThat(status(before, "LLM01:2025")).isEqualTo("no_data");
    assertThat(owasp.toString().toLowerCase(java.util.Locale.ROOT)).doesNotContain("compliant");
    assertThat(owasp.path("notice").asText()).contains("not a certificate");
  }

  @Test
  void theChainIsCheckedInAReportOfAllTenants() throws Exception {
    JsonNode all = report("soc2", "").path("facts").path("audit_chain").path("numbers");
    assertThat(all.path("intact").asText()).isEqualTo("yes");
    assertThat(all.path("entries").asLong()).isPositive();
    JsonNode one = report("soc2", "?tenant=" + TENANT).path("facts").path("audit_chain");
    assertThat(one.path("has_data").asBoolean()).isFalse();
  }

  @Test
  void whoIsOfSomeTenantsSeesTheirsAlone() throws Exception {
    String operator = plane.key("operator", TENANT);
    JsonNode own = json(plane.call("GET", "/api/v1/reports/soc2", operator, null));
    assertThat(number(own, "traffic", "exchanges")).isEqualTo(3);
    HttpResponse<String> foreign =
        plane.call("GET", "/api/v1/reports/soc2?tenant=" + OWN, operator, null);
    HttpResponse<String> absent = plane.call("GET", "/api/v1/reports/none", operator, null);
    assertThat(foreign.statusCode()).isEqualTo(404);
    assertThat(foreign.body()).isEqualTo(absent.body());
    assertThat(
            plane.call("GET", "/api/v1/reports/soc2", plane.key("viewer", OWN), null).statusCode())
        .isEqualTo(403);
  }

  @Test
  void eachReportIsInTheAudit() throws Exception {
    String count =
        "SELECT count(*) FROM audit WHERE action = 'report.read' AND target = 'report:hipaa'"
            + " AND tenant = '%s' AND after LIKE '%%2026-01-01%%'";
    long before = recount(count);
    JsonNode unused = report("hipaa", "?tenant=" + TENANT + "&from=2026-01-01&until=2026-02-01");
    assertThat(recount(count)).isEqualTo(before + 1);
  }

  @Test
  void wrongTimesAreNamed() throws Exception {
    for (String wrong :
        List.of(
            "from=yesterday",
            "until=2026-13-01",
            "from=2026-02-01&until=2026-02-01",
            "from=2001-01-01&until=2026-01-01",
            "format=pdf")) {
      HttpResponse<String> answer =
          plane.call("GET", "/api/v1/reports/soc2?" + wrong, plane.admin(), null);
      assertThat(answer.statusCode()).as(wrong).isEqualTo(400);
      assertThat(answer.body()).contains(wrong.substring(0, wrong.indexOf('=')) + ": expected");
    }
  }

  @Test
  void aPageEscapesWhatOthersNamed() throws Exception {
    String hostile = "<script>alert('x')</script>&\"";
    new StoredRows(plane).exchange(new Ulid().next(), "plain", "r", "");
    String path =
        "/api/v1/reports/soc2?format=html&tenant="
            + java.net.URLEncoder.encode(hostile, java.nio.charset.StandardCharsets.UTF_8);
    HttpResponse<String> answer = plane.call("GET", path, plane.admin(), null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.body())
        .contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;")
        .doesNotContain("<script")
        .contains("@media print");
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/html;charset=utf-8");
    assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'none'", "style-src 'sha256-")
        .doesNotContain("unsafe");
  }

  @Test
  void aBrowserGetsThePageOfEachKind() throws Exception {
    for (ReportKind kind : ReportKind.values()) {
      HttpResponse<String> answer =
          plane.call(
              "GET",
              "/api/v1/reports/" + kind.label() + "?tenant=" + TENANT,
              plane.admin(),
              null,
              "Accept",
              "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
      assertThat(answer.body()).startsWith("<!DOCTYPE html>").endsWith("</html>\n");
      for (Mapping.Control control : Mapping.of(kind).controls()) {
        assertThat(answer.body()).contains("<td>" + Html.text(control.id()) + "</td>");
      }
    }
  }

  @Test
  void mappingsNameFactsThatThereAreAndEveryControlSaysItsLimits() {
    for (ReportKind kind : ReportKind.values()) {
      Set<String> ids = new HashSet<>();
      for (Mapping.Control control : Mapping.of(kind).controls()) {
        assertThat(ids.add(control.id())).as(control.id()).isTrue();
        assertThat(control.limits()).as(control.id()).isNotBlank();
        assertThat(control.facts())
            .as(control.id())
            .allMatch(name -> Facts.NAMES.contains(name) || name.matches("llm(0[1-9]|10)"));
        assertThat(control.facts().isEmpty())
            .as(control.id())
            .isEqualTo(control.covers() == Mapping.Covers.NOTHING);
      }
    }
  }

  @Test
  void everyTypeOfFindingIsMappedOrListed() {
    Mapping owasp = Mapping.of(ReportKind.OWASP_LLM_TOP10);
    Set<String> mapped = new HashSet<>();
    owasp.controls().stream()
        .filter(control -> control.covers() != Mapping.Covers.NOTHING)
        .forEach(control -> mapped.add(control.id()));
    assertThat(owasp.controls()).hasSize(10);
    for (FindingType type : FindingType.values()) {
      assertThat(mapped.contains(type.owasp()) ^ owasp.unmapped().contains(type.label()))
          .as(type.label())
          .isTrue();
    }
  }
}
