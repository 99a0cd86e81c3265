package io.llmtrace.cli.grafana;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A dashboard in Grafana's own JSON model, schema 39: Grafana 10.4 and newer read it. Panels flow
 * from left to right, rows from top to bottom. For one thread.
 */
final class Dashboard {
  static final String TAG = "llmtrace";
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final int SCHEMA = 39;
  private static final int GRID = 24;

  private record Row(String title, List<Panel> panels) {}

  private final String uid;
  private final String title;
  private final String description;
  private final Set<Variable> variables = new LinkedHashSet<>();
  private final List<Row> rows = new ArrayList<>();

  Dashboard(String uid, String title, String description, Variable... variables) {
    this.uid = uid;
    this.title = title;
    this.description = description;
    this.variables.add(Variable.DATASOURCE);
    this.variables.addAll(List.of(variables));
    this.variables.add(Variable.CONTROL_PLANE);
  }

  /** Adds panels under a heading. */
  Dashboard row(String heading, Panel... panels) {
    rows.add(new Row(heading, List.of(panels)));
    return this;
  }

  String uid() {
    return uid;
  }

  /** The file's name below {@code grafana/dashboards}. */
  String file() {
    return uid + ".json";
  }

  static ObjectNode datasource() {
    return NODES.objectNode().put("type", "prometheus").put("uid", "${datasource}");
  }

  /** A link in the form of Grafana's schema, which asks for every field. */
  static ObjectNode link(String title, String url) {
    ObjectNode link = NODES.objectNode();
    link.put("title", title).put("type", "link").put("icon", "external link").put("tooltip", "");
    link.put("url", url).putArray("tags");
    return link.put("asDropdown", false)
        .put("targetBlank", false)
        .put("includeVars", false)
        .put("keepTime", false);
  }

  ObjectNode json() {
    ObjectNode json = NODES.objectNode();
    json.put("uid", uid).put("title", title).put("description", description);
    json.putArray("tags").add(TAG);
    json.put("schemaVersion", SCHEMA).put("editable", false).put("graphTooltip", 1);
    json.put("timezone", "browser").put("refresh", "30s").put("fiscalYearStartMonth", 0);
    json.putObject("time").put("from", "now-1h").put("to", "now");
    json.putObject("timepicker");
    json.putObject("annotations").putArray("list");
    ObjectNode others = link("LLMTrace", "");
    others.put("type", "dashboards").put("icon", "dashboard").put("asDropdown", true);
    others.put("includeVars", true).put("keepTime", true);
    others.putArray("tags").add(TAG);
    json.putArray("links").add(others);
    ArrayNode list = json.putObject("templating").putArray("list");
    variables.forEach(variable -> list.add(variable.json()));
    panels(json.putArray("panels"));
    return json;
  }

  private void panels(ArrayNode panels) {
    int id = 1;
    int y = 0;
    for (Row row : rows) {
      ObjectNode heading = panels.addObject();
      heading.put("id", id++).put("type", "row").put("title", row.title()).put("collapsed", false);
      heading.putObject("gridPos").put("h", 1).put("w", GRID).put("x", 0).put("y", y++);
      heading.putArray("panels");
      int x = 0;
      int high = 0;
      for (Panel panel : row.panels()) {
        if (x + panel.width() > GRID) {
          x = 0;
          y += high;
          high = 0;
        }
        panels.add(panel.json(id++, x, y));
        x += panel.width();
        high = Math.max(high, panel.height());
      }
      y += high;
    }
  }
}
