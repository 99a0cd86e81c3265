package io.llmtrace.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.detect.Severity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the control plane says about alerts. Thread-safe. */
final class DemoIncidents {
  private static final int PAGE = 500;
  private static final String INCIDENTS = "/api/v1/alerts/incidents";

  /** As {@code severe_finding} is shipped. */
  private static final Severity SEVERE = Severity.HIGH;

  private static final int SURE_TENTHS = 8;

  private final ControlPlaneApi api;

  DemoIncidents(ControlPlaneApi api) {
    this.api = api;
  }

  /**
   * An incident as the API shows it now.
   *
   * @param mutedBy {@code incident:ID} that keeps it from being told, or empty
   * @param acknowledgedBy who has it, or empty
   */
  record Incident(
      String id,
      String rule,
      Map<String, String> labels,
      String state,
      String severity,
      String title,
      String summary,
      double peak,
      String mutedBy,
      String acknowledgedBy) {

    static Incident of(JsonNode json) {
      Map<String, String> labels = new TreeMap<>();
      json.path("labels")
          .properties()
          .forEach(label -> labels.put(label.getKey(), label.getValue().asText()));
      return new Incident(
          json.path("id").asText(),
          json.path("rule").asText(),
          labels,
          json.path("state").asText(),
          json.path("severity").asText(),
          json.path("title").asText(),
          json.path("summary").asText(),
          json.path("peak").asDouble(),
          json.path("muted_by").asText(""),
          json.path("acknowledged_by").asText(""));
    }
  }

  /**
   * A step of an incident.
   *
   * @param at epoch milliseconds
   * @param number of its notice; 0 where nobody was told
   * @param by who took it, or empty
   * @param channels that were told
   */
  record Step(long at, String kind, long number, String by, List<String> channels) {
    Step {
      channels = List.copyOf(channels);
    }

    static Step of(JsonNode json) {
      List<String> channels = new ArrayList<>();
      json.path("channels").forEach(channel -> channels.add(channel.asText()));
      return new Step(
          json.path("at").asLong(),
          json.path("kind").asText(),
          json.path("number").asLong(),
          json.path("by").asText(""),
          channels);
    }
  }

  /** All that are more than pending, the oldest first. */
  List<Incident> incidents() throws IOException, InterruptedException {
    return items(INCIDENTS).stream()
        .map(Incident::of)
        .sorted(Comparator.comparing(Incident::id))
        .toList();
  }

  Optional<Incident> incident(String rule, Map<String, String> labels)
      throws IOException, InterruptedException {
    return incidents().stream()
        .filter(each -> each.rule().equals(rule) && each.labels().equals(labels))
        .findFirst();
  }

  /** What happened to an incident, the oldest first. */
  List<Step> steps(String incident) throws IOException, InterruptedException {
    List<Step> steps = new ArrayList<>();
    for (JsonNode event : items(INCIDENTS + "/" + incident + "/events")) {
      steps.add(0, Step.of(event));
    }
    return steps;
  }

  void acknowledge(String incident, String comment) throws IOException, InterruptedException {
    JsonNode unused = api.post(INCIDENTS + "/" + incident + "/acknowledge", comment);
  }

  /** Messages that are yet to be delivered, or were given up. */
  int undelivered() throws IOException, InterruptedException {
    return items("/api/v1/alerts/deliveries?state=waiting").size()
        + items("/api/v1/alerts/deliveries?state=parked").size();
  }

  /** Exchanges of which findings are stored. */
  long exchangesWithFindings() throws IOException, InterruptedException {
    return items("/api/v1/findings").stream()
        .map(finding -> finding.path("decision_id").asText())
        .distinct()
        .count();
  }

  /** Findings that are stored, whatever they are. */
  long findings() throws IOException, InterruptedException {
    return items("/api/v1/findings").size();
  }

  /** Those that {@code severe_finding} is about, by the labels that its incidents have. */
  Map<Map<String, String>, Long> severeFindings() throws IOException, InterruptedException {
    Map<Map<String, String>, Long> counts = new LinkedHashMap<>();
    for (JsonNode finding : items("/api/v1/findings")) {
      int tenths = (int) Math.floor(finding.path("confidence").asDouble() * 10 + 1e-9);
      if (Severity.of(finding.path("severity").asText()).atLeast(SEVERE) && tenths >= SURE_TENTHS) {
        Map<String, String> labels = new TreeMap<>();
        for (String label : List.of("tenant", "route", "type")) {
          labels.put(label, finding.path(label).asText());
        }
        counts.merge(labels, 1L, Long::sum);
      }
    }
    return counts;
  }

  /** A list of the API, which is to be shorter than the longest page. */
  private List<JsonNode> items(String path) throws IOException, InterruptedException {
    JsonNode page = api.get(path + (path.contains("?") ? "&" : "?") + "limit=" + PAGE);
    if (page.hasNonNull("next")) {
      throw new IOException(path + " has more than " + PAGE + " items");
    }
    List<JsonNode> items = new ArrayList<>();
    page.path("items").forEach(items::add);
    return items;
  }
}
