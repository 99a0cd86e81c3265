package io.llmtrace.cli.grafana;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/**
 * What Grafana Labs' dashboard-linter asks of a dashboard, under the names of its rules; {@code
 * grafana/lint} holds the files against Grafana's schema. Not asked for: template-instance-rule and
 * target-instance-rule, because an instance of the control plane is no place to look at: its totals
 * are summed over all.
 */
class DashboardRulesTest {
  private static final Pattern USED = Pattern.compile("\\$\\{?([a-z]+)\\b");
  private static final Pattern RATE = Pattern.compile("(?:rate|increase)\\((.*?)\\[([^]]+)]");

  private interface PanelCheck {
    void check(String place, JsonNode panel, List<String> problems) throws IOException;
  }

  private static void everyPanel(PanelCheck check) throws IOException {
    List<String> problems = new ArrayList<>();
    for (JsonNode dashboard : GrafanaFiles.dashboards()) {
      for (JsonNode panel : GrafanaFiles.panels(dashboard)) {
        check.check(GrafanaFiles.place(dashboard, panel), panel, problems);
      }
    }
    assertThat(problems).isEmpty();
  }

  private static boolean ofGuide(String expr) {
    return Guide.ALL.contains(expr);
  }

  @Test
  void panelTitleDescriptionRule() throws IOException {
    everyPanel(
        (place, panel, problems) -> {
          if (panel.path("title").asText().isBlank()
              || panel.path("description").asText().length() < 10) {
            problems.add(place);
          }
        });
  }

  @Test
  void panelUnitsRule() throws IOException {
    everyPanel(
        (place, panel, problems) -> {
          if (panel.at("/fieldConfig/defaults/unit").asText().isEmpty()) {
            problems.add(place);
          }
        });
  }

  @Test
  void panelDatasourceRule() throws IOException {
    everyPanel(
        (place, panel, problems) -> {
          List<JsonNode> places = new ArrayList<>(List.of(panel));
          panel.path("targets").forEach(places::add);
          for (JsonNode each : places) {
            if (!each.at("/datasource/uid").asText().equals("${datasource}")) {
              problems.add(place);
            }
          }
        });
  }

  /** The guide's five are as it writes them, and so have windows and no job of their own. */
  @Test
  void targetRateIntervalRule() throws IOException {
    everyPanel(
        (place, panel, problems) -> {
          for (JsonNode target : panel.path("targets")) {
            String expr = target.path("expr").asText();
            String wanted = target.path("instant").asBoolean() ? "$__range" : "$__rate_interval";
            Matcher rate = RATE.matcher(expr);
            while (!ofGuide(expr) && rate.find()) {
              if (!rate.group(2).equals(wanted)) {
                problems.add(place + " has a window of " + rate.group(2));
              }
            }
          }
        });
  }

  @Test
  void targetJobRule() throws IOException {
    everyPanel(
        (place, panel, problems) -> {
          for (JsonNode target : panel.path("targets")) {
            String expr = target.path("expr").asText();
            for (Promql.Selector selector : Promql.selectors(Promql.chosen(expr))) {
              // Alerts are Prometheus' own series, and have no job where their rule sums it away.
              boolean asked =
                  selector.matches().stream().anyMatch(match -> match.label().equals("job"));
              if (!asked && !ofGuide(expr) && !selector.metric().equals("ALERTS")) {
                problems.add(place + " asks " + selector.metric() + " of no job");
              }
            }
          }
        });
  }

  @Test
  void targetCounterAggRule() throws IOException {
    everyPanel(
        (place, panel, problems) -> {
          for (JsonNode target : panel.path("targets")) {
            String expr = target.path("expr").asText();
            Matcher counter = Pattern.compile("[a-z_]+_total\\b").matcher(expr);
            while (counter.find()) {
              String before = expr.substring(0, counter.start());
              if (!before.endsWith("rate(") && !before.endsWith("increase(")) {
                problems.add(place + " shows " + counter.group() + " as it is");
              }
            }
          }
        });
  }

  @Test
  void everyVariableIsThereAndUsed() throws IOException {
    for (JsonNode dashboard : GrafanaFiles.dashboards()) {
      Set<String> there = new HashSet<>();
      dashboard.at("/templating/list").forEach(each -> there.add(each.path("name").asText()));
      Set<String> used = new HashSet<>();
      Matcher word = USED.matcher(dashboard.path("panels").toString());
      while (word.find()) {
        used.add(word.group(1));
      }
      assertThat(used).as(dashboard.path("title").asText()).isEqualTo(there);
    }
  }

  @Test
  void templateDatasourceRule() throws IOException {
    for (JsonNode dashboard : GrafanaFiles.dashboards()) {
      JsonNode first = dashboard.at("/templating/list/0");
      assertThat(first.path("type").asText()).isEqualTo("datasource");
      assertThat(first.path("query").asText()).isEqualTo("prometheus");
      assertThat(first.path("label").asText()).isEqualTo("Data source");
    }
  }

  /** Routes come and go: lists are asked for again when the time changes. */
  @Test
  void templateOnTimeChangeReloadRule() throws IOException {
    for (JsonNode dashboard : GrafanaFiles.dashboards()) {
      StreamSupport.stream(dashboard.at("/templating/list").spliterator(), false)
          .filter(each -> each.path("type").asText().equals("query"))
          .forEach(each -> assertThat(each.path("refresh").asInt()).isEqualTo(2));
    }
  }

  @Test
  void noPanelLiesOnAnother() throws IOException {
    for (JsonNode dashboard : GrafanaFiles.dashboards()) {
      Set<String> cells = new HashSet<>();
      for (JsonNode panel : dashboard.path("panels")) {
        JsonNode at = panel.path("gridPos");
        assertThat(at.path("x").asInt() + at.path("w").asInt()).isLessThanOrEqualTo(24);
        for (int x = 0; x < at.path("w").asInt(); x++) {
          for (int y = 0; y < at.path("h").asInt(); y++) {
            assertThat(cells.add((at.path("x").asInt() + x) + "," + (at.path("y").asInt() + y)))
                .as(GrafanaFiles.place(dashboard, panel))
                .isTrue();
          }
        }
      }
    }
  }

  @Test
  void theGuidesFiveAreTheFirstRow() throws IOException {
    JsonNode overview = GrafanaFiles.dashboards().get(0);
    List<JsonNode> first = GrafanaFiles.panels(overview).subList(0, Guide.ALL.size());
    assertThat(first)
        .extracting(panel -> panel.at("/targets/0/expr").asText())
        .containsExactlyElementsOf(Guide.ALL);
    assertThat(first).extracting(panel -> panel.at("/gridPos/y").asInt()).containsOnly(1);
  }
}
