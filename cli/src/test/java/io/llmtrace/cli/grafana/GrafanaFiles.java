package io.llmtrace.cli.grafana;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What lies in {@code grafana/}, and the expressions in it. */
final class GrafanaFiles {
  static final Path ROOT = Path.of("..", "grafana");
  static final Path DASHBOARDS = ROOT.resolve("dashboards");
  static final Path PROMETHEUS = ROOT.resolve("prometheus");
  static final Path ALERTMANAGER = ROOT.resolve("alertmanager/alertmanager.yml");
  static final Path PROVISIONING = ROOT.resolve("provisioning");
  static final List<String> RULES = List.of("llmtrace-rules.yml", "llmtrace-recording.yml");

  private static final ObjectMapper JSON = new ObjectMapper();

  private GrafanaFiles() {}

  /**
   * An expression and where it stands.
   *
   * @param place for messages: file, panel or rule
   * @param expr as it stands there
   */
  record Expression(String place, String expr) {}

  /**
   * A rule of Prometheus.
   *
   * @param name of the alert, or of the series that is recorded
   */
  record Rule(String file, String name, boolean alert, String expr) {}

  static List<JsonNode> dashboards() throws IOException {
    List<JsonNode> all = new ArrayList<>();
    for (Dashboard dashboard : Dashboards.all()) {
      all.add(JSON.readTree(DASHBOARDS.resolve(dashboard.file()).toFile()));
    }
    return all;
  }

  /** Panels of a dashboard that are not headings. */
  static List<JsonNode> panels(JsonNode dashboard) {
    List<JsonNode> all = new ArrayList<>();
    for (JsonNode panel : dashboard.path("panels")) {
      if (!panel.path("type").asText().equals("row")) {
        all.add(panel);
      }
    }
    return all;
  }

  static String place(JsonNode dashboard, JsonNode panel) {
    return dashboard.path("title").asText() + ": " + panel.path("title").asText();
  }

  /** A file in YAML as a tree. */
  static JsonNode yaml(Path file) throws IOException {
    Object loaded =
        new Load(LoadSettings.builder().setLabel(file.toString()).build())
            .loadFromString(Files.readString(file));
    return JSON.valueToTree(loaded);
  }

  static List<Rule> rules() throws IOException {
    List<Rule> all = new ArrayList<>();
    for (String file : RULES) {
      for (JsonNode group : yaml(PROMETHEUS.resolve(file)).path("groups")) {
        for (JsonNode rule : group.path("rules")) {
          boolean alert = rule.has("alert");
          all.add(
              new Rule(
                  file,
                  rule.path(alert ? "alert" : "record").asText(),
                  alert,
                  rule.path("expr").asText().strip()));
        }
      }
    }
    return all;
  }

  static List<JsonNode> grafanaRules() throws IOException {
    List<JsonNode> all = new ArrayList<>();
    for (JsonNode group : yaml(PROVISIONING.resolve("alerting/rules.yaml")).path("groups")) {
      group.path("rules").forEach(all::add);
    }
    return all;
  }

  /** Every expression of dashboards, rules of Prometheus and rules of Grafana. */
  static List<Expression> expressions() throws IOException {
    List<Expression> all = new ArrayList<>();
    for (JsonNode dashboard : dashboards()) {
      for (JsonNode panel : panels(dashboard)) {
        panel
            .path("targets")
            .forEach(
                target ->
                    all.add(new Expression(place(dashboard, panel), target.path("expr").asText())));
      }
    }
    for (Rule rule : rules()) {
      all.add(new Expression(rule.file() + ": " + rule.name(), rule.expr()));
    }
    for (JsonNode rule : grafanaRules()) {
      for (JsonNode query : rule.path("data")) {
        if (query.path("model").has("expr")) {
          all.add(
              new Expression(
                  "rules.yaml: " + rule.path("uid").asText(),
                  query.path("model").path("expr").asText()));
        }
      }
    }
    return all;
  }
}
