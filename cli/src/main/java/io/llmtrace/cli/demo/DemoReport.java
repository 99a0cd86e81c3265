package io.llmtrace.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the demo found; its JSON form is stable.
 *
 * @param ok whether every expectation held
 * @param health the control plane's own answer
 * @param stored rows found again
 * @param metrics counters by name
 */
record DemoReport(
    boolean ok,
    List<Outcome> scenarios,
    JsonNode health,
    Stored stored,
    Map<String, Double> metrics) {

  DemoReport {
    scenarios = List.copyOf(scenarios);
    metrics = Map.copyOf(metrics);
  }

  /** One scenario as it went; {@code latencyMs} is what the client waited. */
  record Outcome(
      String name,
      String expected,
      String actual,
      int status,
      boolean stream,
      String traceId,
      String decisionId,
      List<Found> findings,
      double latencyMs) {

    Outcome {
      findings = List.copyOf(findings);
    }
  }

  /** A finding; {@code origin} is {@code request} or {@code answer}. */
  record Found(String type, String severity, String origin) {
    String text() {
      String where = origin.equals("answer") ? " in the answer" : "";
      return type + where + " (" + severity + ")";
    }
  }

  record Stored(long exchanges, long findings) {}

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

  /** A table with one line a scenario. */
  String table() {
    StringBuilder table = new StringBuilder();
    row(table, "scenario", "expected", "actual", "status", "answer", "latency", "findings");
    for (Outcome outcome : scenarios) {
      row(
          table,
          outcome.name(),
          outcome.expected(),
          outcome.actual(),
          Integer.toString(outcome.status()),
          outcome.stream() ? "stream" : "json",
          String.format(Locale.ROOT, "%.1f ms", outcome.latencyMs()),
          String.join(", ", outcome.findings().stream().map(Found::text).distinct().toList()));
    }
    return table.toString();
  }

  private static void row(StringBuilder table, String... cells) {
    table
        .append(
            String.format(Locale.ROOT, "%-24s %-9s %-9s %-7s %-7s %10s  %s", (Object[]) cells)
                .stripTrailing())
        .append('\n');
  }
}
