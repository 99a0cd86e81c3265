package io.llmtrace.cli.grafana;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a reader of a dashboard chooses, and the matchers that queries are made of. */
enum Variable {
  /** A Prometheus among the data sources. */
  DATASOURCE("datasource", "Data source", ""),
  /** The scrape of the control plane. */
  JOB("job", "Job", "label_values(llmtrace_security_findings_total, job)"),
  TENANT("tenant", "Tenant", "label_values(llmtrace_requests_total{job=~\"$job\"}, tenant)"),
  ROUTE("route", "Route", "label_values(llmtrace_requests_total{job=~\"$job\"}, route)"),
  MODEL("model", "Model", "label_values(llmtrace_requests_total{job=~\"$job\"}, model)"),
  NODE("node", "Instance", "label_values(llmtrace_node_silent{job=~\"$job\"}, node)"),
  /** The scrape of the plugins, where they are scraped. */
  PLUGIN("plugin", "Plugin job", "label_values(llmtrace_plugin_queue, job)"),
  CHANNEL(
      "channel", "Channel", "label_values(llmtrace_alert_outbox_waiting{job=~\"$job\"}, channel)"),
  /** Where browsers reach the control plane, for links. */
  CONTROL_PLANE("controlplane", "Control plane", "http://localhost:8080");

  private static final Map<String, String> MATCHERS = new LinkedHashMap<>();

  static {
    String job = "job=~\"$job\"";
    MATCHERS.put("@requests", job + ",tenant=~\"$tenant\",route=~\"$route\",model=~\"$model\"");
    MATCHERS.put("@spender", job + ",tenant=~\"$tenant\",model=~\"$model\"");
    MATCHERS.put("@tenant", job + ",tenant=~\"$tenant\",route=~\"$route\"");
    MATCHERS.put("@route", job + ",route=~\"$route\"");
    MATCHERS.put("@model", job + ",model=~\"$model\"");
    MATCHERS.put("@node", job + ",node=~\"$node\"");
    MATCHERS.put("@channel", job + ",channel=~\"$channel\"");
    MATCHERS.put("@plugin", "job=~\"$plugin\"");
    MATCHERS.put("@job", job);
  }

  private final String name;
  private final String label;
  private final String query;

  Variable(String name, String label, String query) {
    this.name = name;
    this.label = label;
    this.query = query;
  }

  /** An expression with matchers in place of the words that stand for them. */
  static String matchers(String expr) {
    String full = expr;
    for (Map.Entry<String, String> each : MATCHERS.entrySet()) {
      full = full.replace(each.getKey(), each.getValue());
    }
    return full;
  }

  /** Its name in expressions, without {@code $}. */
  String word() {
    return name;
  }

  ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", name).put("label", label).put("hide", 0).put("skipUrlSync", false);
    switch (this) {
      case DATASOURCE ->
          json.put("type", "datasource").put("query", "prometheus").put("refresh", 1);
      case CONTROL_PLANE -> {
        json.put("type", "textbox").put("query", query);
        json.put(
            "description",
            "Address at which your browser reaches the control plane; links lead there.");
        json.putObject("current").put("text", query).put("value", query).put("selected", true);
        json.putArray("options")
            .addObject()
            .put("text", query)
            .put("value", query)
            .put("selected", true);
      }
      default -> {
        json.put("type", "query").put("definition", query);
        json.set("datasource", Dashboard.datasource());
        json.putObject("query").put("query", query).put("refId", "variable-" + name);
        // Refreshed with the time range: routes and models come and go.
        json.put("refresh", 2).put("sort", 1).put("regex", "");
        json.put("multi", true).put("includeAll", true).put("allValue", ".*");
        json.putObject("current").put("text", "All").put("value", "$__all").put("selected", true);
      }
    }
    return json;
  }
}
