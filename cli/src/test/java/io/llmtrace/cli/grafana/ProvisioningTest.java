package io.llmtrace.cli.grafana;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Files that Grafana and Prometheus read at start name each other's things. */
class ProvisioningTest {
  private static final List<String> OF_GUIDE =
      List.of("high_error_rate", "high_latency", "breaker_open", "finding_spike");

  private static JsonNode provisioned(String file) throws IOException {
    return GrafanaFiles.yaml(GrafanaFiles.PROVISIONING.resolve(file));
  }

  private static List<String> all(JsonNode list, String field) {
    List<String> values = new ArrayList<>();
    list.forEach(each -> values.add(each.path(field).asText()));
    return values;
  }

  @Test
  void rulesNameTheDataSourceThatIsThere() throws IOException {
    JsonNode sources = provisioned("datasources/llmtrace.yaml").path("datasources");
    assertThat(all(sources, "uid")).containsExactly("llmtrace-prometheus", "llmtrace-alertmanager");
    assertThat(sources.get(0).path("url").asText()).isEqualTo("http://prometheus:9090");
    assertThat(sources.get(0).at("/jsonData/alertmanagerUid").asText())
        .isEqualTo(sources.get(1).path("uid").asText());
    for (JsonNode rule : GrafanaFiles.grafanaRules()) {
      assertThat(all(rule.path("data"), "datasourceUid"))
          .containsExactly("llmtrace-prometheus", "__expr__");
      for (JsonNode query : rule.path("data")) {
        assertThat(query.at("/model/datasource/uid")).isEqualTo(query.path("datasourceUid"));
        assertThat(query.at("/model/refId")).isEqualTo(query.path("refId"));
      }
    }
  }

  /** Grafana takes the threshold apart from the expression; together they are Prometheus' rule. */
  @Test
  void grafanasRulesAreTheGuidesAndSayWhatThoseOfPrometheusSay() throws IOException {
    Map<String, JsonNode> shipped = new HashMap<>();
    GrafanaFiles.yaml(GrafanaFiles.PROMETHEUS.resolve("llmtrace-rules.yml"))
        .at("/groups/0/rules")
        .forEach(rule -> shipped.put(rule.path("alert").asText(), rule));
    List<String> names = new ArrayList<>();
    for (JsonNode rule : GrafanaFiles.grafanaRules()) {
      String name = rule.path("title").asText();
      names.add(name);
      JsonNode same = shipped.get(name);
      assertThat(rule.path("for")).as(name).isEqualTo(same.path("for"));
      assertThat(rule.path("labels")).as(name).isEqualTo(same.path("labels"));
      assertThat(rule.at("/annotations/runbook")).isEqualTo(same.at("/annotations/runbook"));
      JsonNode evaluator = rule.at("/data/1/model/conditions/0/evaluator");
      String expr = rule.at("/data/0/model/expr").asText();
      String above = " > " + evaluator.at("/params/0").asText();
      // A gauge of 0, 1 and 2 is above 1 where it is 2; Grafana's older thresholds know no "equal".
      assertThat(expr + (name.equals("breaker_open") ? " == 2" : above))
          .as(name)
          .isEqualTo(same.path("expr").asText());
      assertThat(evaluator.path("type").asText()).isEqualTo("gt");
      assertThat(rule.path("condition").asText()).isEqualTo("B");
      assertThat(rule.at("/data/1/model/expression").asText()).isEqualTo("A");
    }
    assertThat(names).containsExactlyElementsOf(OF_GUIDE);
  }

  @Test
  void theBoardOfAlertsShowsEachRuleOfPrometheus() throws IOException {
    List<String> shipped = new ArrayList<>();
    for (JsonNode group :
        GrafanaFiles.yaml(GrafanaFiles.PROMETHEUS.resolve("llmtrace-rules.yml")).path("groups")) {
      for (JsonNode rule : group.path("rules")) {
        shipped.add(rule.path("alert").asText());
      }
    }
    String board = Files.readString(GrafanaFiles.DASHBOARDS.resolve("llmtrace-alerts.json"));
    Matcher pattern = Pattern.compile("ALERTS\\{alertname=~\\\\\"([^\"\\\\]+)").matcher(board);
    assertThat(pattern.find()).isTrue();
    assertThat(pattern.group(1).split("\\|", -1)).containsExactlyInAnyOrderElementsOf(shipped);
  }

  @Test
  void rulesNamePanelsAndReceiversThatAreThere() throws IOException {
    JsonNode overview = GrafanaFiles.dashboards().get(0);
    List<String> receivers =
        all(provisioned("alerting/contact-points.yaml").path("contactPoints"), "name");
    for (JsonNode rule : GrafanaFiles.grafanaRules()) {
      assertThat(rule.path("dashboardUid")).isEqualTo(overview.path("uid"));
      assertThat(GrafanaFiles.panels(overview))
          .extracting(panel -> panel.path("id").asInt())
          .contains(rule.path("panelId").asInt());
      assertThat(receivers).contains(rule.at("/notification_settings/receiver").asText());
      assertThat(Path.of("..", rule.at("/annotations/runbook").asText())).exists();
    }
  }

  /** Grafana puts in the environment where it sees a dollar sign, some versions also in texts. */
  @Test
  void nothingIsTakenForAVariable() throws IOException {
    for (JsonNode rule : GrafanaFiles.grafanaRules()) {
      assertThat(rule.toString()).doesNotContain("$");
    }
  }

  @Test
  void prometheusLoadsTheRulesAndNoTests() throws IOException {
    JsonNode config = GrafanaFiles.yaml(GrafanaFiles.PROMETHEUS.resolve("prometheus.yml"));
    assertThat(config.path("rule_files"))
        .extracting(JsonNode::asText)
        .containsExactlyElementsOf(GrafanaFiles.RULES);
  }

  @Test
  void theProviderReadsWhereTheDashboardsAreMounted() throws IOException {
    JsonNode provider = provisioned("dashboards/llmtrace.yaml").at("/providers/0");
    assertThat(provider.at("/options/path").asText()).isEqualTo("/etc/grafana/dashboards/llmtrace");
    assertThat(provider.path("folder").asText()).isEqualTo("LLMTrace");
  }
}
