package io.llmtrace.cli.grafana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.cli.demo.LiveDemo;
import io.llmtrace.cli.grafana.GrafanaFiles.Expression;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Dashboards and rules on a live stack after the demo's traffic: whoever renames a metric, a label
 * or a value of one fails here.
 */
class LiveDashboardsTest {
  /** Labels that a scrape adds. */
  private static final Set<String> OF_SCRAPE = Set.of("job", "instance");

  /** Prometheus' own series, of alerts that are raised. */
  private static final String ALERTS = "ALERTS";

  private static final Pattern LEGEND = Pattern.compile("\\{\\{([a-z_]+)}}");
  private static final Pattern FIELD =
      Pattern.compile("\\$\\{__field\\.labels\\.([a-z_]+):percentencode}");

  /** Until everything that the traffic leaves behind is there, on a machine that builds. */
  private static final Duration LONGEST = Duration.ofSeconds(60);

  @TempDir private static Path folder;
  private static LiveDemo demo;
  private static Exposition controlPlane;
  private static Exposition plugin;

  @BeforeAll
  static void start() throws Exception {
    demo = LiveDemo.start(folder.resolve("demo"), Duration.ofSeconds(2));
    demo.traffic();
    // What is counted by a job, or of the gateway's log, is there a moment after the traffic.
    long end = System.nanoTime() + LONGEST.toNanos();
    readPages();
    while (!(unexposed().isEmpty() && unlikeReference().isEmpty()) && System.nanoTime() < end) {
      Thread.sleep(200);
      readPages();
    }
  }

  private static void readPages() throws Exception {
    controlPlane = Exposition.parse(page(demo.controlPlane()));
    plugin = Exposition.parse(page(demo.plugin()));
  }

  @AfterAll
  static void stop() throws Exception {
    // Null where it did not start; that is told already.
    if (demo != null) {
      demo.close();
    }
  }

  private static String page(String authority) throws Exception {
    return demo.get("http://" + authority + "/metrics").body();
  }

  /** The page that has a metric; the control plane's where both have it. */
  private static Exposition pageOf(String metric) {
    return controlPlane.of(metric).isEmpty() ? plugin : controlPlane;
  }

  @Test
  void everyMetricLabelAndValueInPanelsAndRulesIsExposed() throws Exception {
    assertThat(unexposed()).isEmpty();
    assertThat(GrafanaFiles.expressions()).hasSizeGreaterThan(90);
  }

  /** What dashboards and rules ask for and no page has. */
  private static List<String> unexposed() throws Exception {
    Set<String> recorded =
        GrafanaFiles.rules().stream()
            .filter(rule -> !rule.alert())
            .map(GrafanaFiles.Rule::name)
            .collect(Collectors.toSet());
    List<String> problems = new ArrayList<>();
    for (Expression each : GrafanaFiles.expressions()) {
      for (Promql.Selector selector : Promql.selectors(Promql.chosen(each.expr()))) {
        if (!selector.metric().equals(ALERTS) && !recorded.contains(selector.metric())) {
          exposed(each.place(), selector).ifPresent(problems::add);
        }
      }
    }
    return problems;
  }

  private static Optional<String> exposed(String place, Promql.Selector selector) {
    String metric = selector.metric();
    Exposition page = pageOf(metric);
    if (page.of(metric).isEmpty()) {
      return Optional.of(place + ": no page has " + metric);
    }
    Set<String> asked = new TreeSet<>(selector.grouped());
    selector.matches().forEach(match -> asked.add(match.label()));
    asked.removeAll(OF_SCRAPE);
    asked.removeAll(page.labels(metric));
    if (!asked.isEmpty()) {
      return Optional.of(place + ": " + metric + " has no label " + asked);
    }
    boolean any =
        page.of(metric).stream()
            .anyMatch(
                labels ->
                    selector.matches().stream()
                        .filter(match -> !OF_SCRAPE.contains(match.label()))
                        .allMatch(match -> match.fits(labels.getOrDefault(match.label(), ""))));
    return any ? Optional.empty() : Optional.of(place + ": no sample fits " + selector);
  }

  @Test
  void everyVariableHasValues() throws Exception {
    Pattern values = Pattern.compile("label_values\\(([a-z_]+)(?:\\{.*})?, ([a-z]+)\\)");
    for (JsonNode dashboard : GrafanaFiles.dashboards()) {
      for (JsonNode variable : dashboard.at("/templating/list")) {
        if (variable.path("type").asText().equals("query")) {
          Matcher asked = values.matcher(variable.path("definition").asText());
          assertThat(asked.matches()).as(variable.path("definition").asText()).isTrue();
          Set<String> labels = new TreeSet<>(pageOf(asked.group(1)).labels(asked.group(1)));
          labels.addAll(OF_SCRAPE);
          assertThat(pageOf(asked.group(1)).of(asked.group(1))).isNotEmpty();
          assertThat(labels).contains(asked.group(2));
        }
      }
    }
  }

  /** The tables in docs/metrics-and-dashboards.md are what the pages say, in both directions. */
  @Test
  void theReferenceHasEveryMetricWithItsTypeAndLabels() throws Exception {
    assertThat(unlikeReference()).isEmpty();
  }

  private static List<String> unlikeReference() throws Exception {
    MetricsReference reference = MetricsReference.read();
    List<String> problems = new ArrayList<>();
    problems.addAll(reference.against(controlPlane));
    problems.addAll(reference.against(plugin));
    problems.addAll(reference.missing(List.of(controlPlane, plugin)));
    return problems;
  }

  /** Links lead to the API, which refuses parameters that it does not know. */
  @Test
  void everyLinkIsAnswered() throws Exception {
    Instant now = Instant.now();
    Map<String, String> chosen = new HashMap<>();
    int followed = 0;
    for (JsonNode dashboard : GrafanaFiles.dashboards()) {
      for (JsonNode panel : GrafanaFiles.panels(dashboard)) {
        List<JsonNode> links = new ArrayList<>();
        panel.path("links").forEach(links::add);
        panel.at("/fieldConfig/defaults/links").forEach(links::add);
        for (JsonNode link : links) {
          String url = link.path("url").asText();
          Matcher field = FIELD.matcher(url);
          while (field.find()) {
            chosen.put(field.group(1), valueOf(panel, field.group(1)));
          }
          for (Map.Entry<String, String> each : chosen.entrySet()) {
            url =
                url.replace(
                    "${__field.labels." + each.getKey() + ":percentencode}",
                    Program.encoded(each.getValue()));
          }
          String address =
              url.replace("${controlplane}", "http://" + demo.controlPlane())
                  .replace("${__from:date:iso}", now.minusSeconds(3_600).toString())
                  .replace("${__to:date:iso}", now.toString());
          HttpResponse<String> answer = demo.get(address);
          assertThat(answer.statusCode())
              .as(GrafanaFiles.place(dashboard, panel) + " " + address + " " + answer.body())
              .isEqualTo(200);
          followed++;
        }
      }
    }
    assertThat(followed).isGreaterThan(30);
  }

  /** A value that a series of a panel has in this label. */
  private static String valueOf(JsonNode panel, String label) {
    for (JsonNode target : panel.path("targets")) {
      for (Promql.Selector selector :
          Promql.selectors(Promql.chosen(target.path("expr").asText()))) {
        for (Map<String, String> labels : pageOf(selector.metric()).of(selector.metric())) {
          if (!labels.getOrDefault(label, "").isEmpty()) {
            return labels.get(label);
          }
        }
      }
    }
    throw new AssertionError(panel.path("title").asText() + " has no label " + label);
  }

  @Test
  void prometheusLoadsTheRulesAndEveryPanelHasData() throws Exception {
    assumeTrue(
        PrometheusServer.available(),
        "prometheus is not on the path (Debian: package prometheus): no query was evaluated");
    try (PrometheusServer prometheus = PrometheusServer.start(folder, demo, Optional.empty())) {
      prometheus.awaitScrapes(2);
      // What is counted between two scrapes is what rate() sees.
      demo.more();
      // Records reach the control plane after the traffic, and its counters the next scrape.
      prometheus.await("max(" + Guide.ERROR_RATE + ") == 1");
      prometheus.await("max(" + Guide.REQUEST_RATE + ") > 0");
      rulesAreHealthy(prometheus);
      for (String expr : Guide.ALL) {
        prometheus.await(expr);
      }
      panelsHaveData(prometheus);
    }
  }

  private static void rulesAreHealthy(PrometheusServer prometheus) throws Exception {
    List<String> loaded = new ArrayList<>();
    for (JsonNode group : prometheus.api("rules").path("groups")) {
      for (JsonNode rule : group.path("rules")) {
        loaded.add(rule.path("name").asText());
        assertThat(rule.path("lastError").asText()).as(rule.toString()).isEmpty();
      }
    }
    assertThat(loaded)
        .containsExactlyInAnyOrderElementsOf(
            GrafanaFiles.rules().stream().map(GrafanaFiles.Rule::name).toList());
    for (GrafanaFiles.Rule rule : GrafanaFiles.rules()) {
      if (!rule.alert()) {
        prometheus.await(rule.name());
      }
    }
  }

  private static void panelsHaveData(PrometheusServer prometheus) throws Exception {
    int panels = 0;
    for (JsonNode dashboard : GrafanaFiles.dashboards()) {
      panels += GrafanaFiles.panels(dashboard).size();
    }
    assertThat(panels).isGreaterThan(70);
    // Some series have their second scrape later than others, and only then a rate.
    long end = System.nanoTime() + LONGEST.toNanos();
    List<String> problems = withoutData(prometheus);
    while (!problems.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(500);
      problems = withoutData(prometheus);
    }
    assertThat(problems).isEmpty();
  }

  private static List<String> withoutData(PrometheusServer prometheus) throws Exception {
    List<String> problems = new ArrayList<>();
    for (JsonNode dashboard : GrafanaFiles.dashboards()) {
      for (JsonNode panel : GrafanaFiles.panels(dashboard)) {
        for (JsonNode target : panel.path("targets")) {
          String expr = Promql.chosen(target.path("expr").asText());
          JsonNode result = prometheus.query(expr);
          // Nothing is wrong with the demo, so no alert is raised; AlertChainTest raises one.
          if (result.isEmpty() && !expr.contains(ALERTS)) {
            problems.add(GrafanaFiles.place(dashboard, panel) + ": no data of " + expr);
          }
          for (JsonNode series : result) {
            Matcher label = LEGEND.matcher(target.path("legendFormat").asText());
            while (label.find()) {
              if (!series.path("metric").has(label.group(1)) && !label.group(1).equals("reason")) {
                problems.add(GrafanaFiles.place(dashboard, panel) + ": no label " + label.group(1));
              }
            }
          }
        }
      }
    }
    return problems;
  }
}
