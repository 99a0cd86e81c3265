package io.llmtrace.cli.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the demo of alerts found; its JSON form is stable.
 *
 * @param ok whether every expectation held
 * @param incidents in the order in which they began
 * @param deliveries what came, by channel
 * @param problems what was not as expected, one sentence each
 */
record AlertReport(
    boolean ok,
    List<Incident> incidents,
    Map<String, AlertDeliveries.Channel> deliveries,
    List<String> problems) {

  AlertReport {
    incidents = List.copyOf(incidents);
    deliveries = Collections.unmodifiableMap(new LinkedHashMap<>(deliveries));
    problems = List.copyOf(problems);
  }

  /**
   * An incident.
   *
   * @param summary what its rule saw last
   * @param peak the highest that its rule measured
   * @param pagerduty what PagerDuty made of it, or {@code untold}
   * @param states what happened to it, in this order
   */
  record Incident(
      String id,
      String rule,
      Map<String, String> labels,
      String severity,
      String summary,
      double peak,
      String pagerduty,
      List<State> states) {

    Incident {
      labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
      states = List.copyOf(states);
    }
  }

  /**
   * Something that happened to an incident.
   *
   * @param state such as {@code firing}, {@code acknowledged}, {@code muted by incident:ID}
   * @param at epoch milliseconds
   * @param by who did it; empty where it came by itself
   * @param channels that were told
   */
  record State(String state, long at, String by, List<String> channels) {
    State {
      channels = List.copyOf(channels);
    }
  }

  /** Writes the report; missing directories are made. */
  void write(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      Files.createDirectories(directory);
    }
    ObjectNode json = WireJson.mapper().valueToTree(this);
    Files.writeString(
        file, WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n");
  }

  /** A line an incident and a line a channel. */
  String table() {
    StringBuilder table = new StringBuilder("Incidents\n");
    for (Incident incident : incidents) {
      long began = incident.states().isEmpty() ? 0 : incident.states().get(0).at();
      StringBuilder states = new StringBuilder();
      for (State state : incident.states()) {
        states
            .append(states.isEmpty() ? "" : " → ")
            .append(state.state().replaceAll(" incident:.*", " breaker_open"))
            .append(String.format(Locale.ROOT, " +%.1f s", (state.at() - began) / 1e3));
      }
      table.append(
          "  %-16s %-8s %-9s %s%n"
              .formatted(incident.rule(), incident.severity(), incident.pagerduty(), states));
      if (!incident.labels().isEmpty()) {
        table.append("  %-16s %s%n".formatted("", incident.labels()));
      }
    }
    table.append("Messages\n");
    deliveries.forEach(
        (channel, came) ->
            table.append(
                "  %-10s %s, %d twice, %d refused%n"
                    .formatted(channel, came.kinds(), came.duplicates(), came.refused())));
    return table.toString();
  }
}
