package io.llmtrace.cli.grafana;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One panel of a dashboard, as Grafana's schema has it. Width and height are in cells of the grid,
 * which is 24 wide. For one thread.
 */
final class Panel {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** How it is drawn; the label is the panel plugin's name. */
  private enum Kind {
    TIMESERIES("timeseries"),
    STAT("stat"),
    BARS("bargauge"),
    STATES("state-timeline");

    final String plugin;

    Kind(String plugin) {
      this.plugin = plugin;
    }
  }

  private record Query(String expr, String legend, boolean instant) {}

  private record Link(String title, String path, boolean timed) {}

  private final Kind kind;
  private final String title;
  private final String description;
  private final List<Query> queries = new ArrayList<>();
  private final List<Link> links = new ArrayList<>();
  private final List<Link> dataLinks = new ArrayList<>();
  private final Map<String, String[]> texts = new LinkedHashMap<>();
  private String unit = "short";
  private int width = 12;
  private int height = 8;
  private boolean stacked;
  private @Nullable Double red;

  private Panel(Kind kind, String title, String description) {
    this.kind = kind;
    this.title = title;
    this.description = description;
  }

  /** Lines over time. */
  static Panel lines(String title, String description) {
    return new Panel(Kind.TIMESERIES, title, description);
  }

  /** One number, or one for each series. */
  static Panel number(String title, String description) {
    return new Panel(Kind.STAT, title, description).size(4, 4);
  }

  /** The largest of many as bars. */
  static Panel bars(String title, String description) {
    return new Panel(Kind.BARS, title, description);
  }

  /** States over time, a row for each series. */
  static Panel states(String title, String description) {
    return new Panel(Kind.STATES, title, description);
  }

  /** One of Grafana's units, such as {@code reqps}, {@code s}, {@code percentunit}. */
  Panel unit(String of) {
    unit = of;
    return this;
  }

  Panel size(int cellsWide, int cellsHigh) {
    width = cellsWide;
    height = cellsHigh;
    return this;
  }

  /** Areas on each other, for parts of a whole. */
  Panel stacked() {
    stacked = true;
    return this;
  }

  /** From this value on it is red. */
  Panel redFrom(double value) {
    red = value;
    return this;
  }

  /** Shows a value as a word in a colour. */
  Panel text(int value, String word, String color) {
    texts.put(Integer.toString(value), new String[] {word, color});
    return this;
  }

  /**
   * Adds a query over the time that is shown; {@code @job}, {@code @requests} and so on stand for
   * the matchers of {@link Variable}.
   *
   * @param legend with {@code {{label}}}
   */
  Panel query(String expr, String legend) {
    queries.add(new Query(Variable.matchers(expr), legend, false));
    return this;
  }

  /** Adds a query whose value now is shown. */
  Panel now(String expr, String legend) {
    queries.add(new Query(Variable.matchers(expr), legend, true));
    return this;
  }

  /**
   * Adds a link in the panel's head to the control plane's API.
   *
   * @param path below {@code /api/v1}; the time that is shown is added to it
   */
  Panel link(String label, String path) {
    links.add(new Link(label, path, true));
    return this;
  }

  /** The same for what knows no time: how things are now. */
  Panel linkNow(String label, String path) {
    links.add(new Link(label, path, false));
    return this;
  }

  /**
   * Adds a link that opens at a series.
   *
   * @param path as above; {@code ${__field.labels.NAME:percentencode}} is a label of that series;
   *     models are named by clients
   */
  Panel seriesLink(String label, String path) {
    dataLinks.add(new Link(label, path, true));
    return this;
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  ObjectNode json(int id, int x, int y) {
    ObjectNode panel = NODES.objectNode();
    panel.put("id", id).put("type", kind.plugin).put("title", title);
    panel.put("description", description);
    panel.putObject("gridPos").put("h", height).put("w", width).put("x", x).put("y", y);
    panel.set("datasource", Dashboard.datasource());
    ObjectNode config = panel.putObject("fieldConfig");
    defaults(config.putObject("defaults"));
    config.putArray("overrides");
    options(panel.putObject("options"));
    targets(panel.putArray("targets"));
    addAll(panel.putArray("links"), links);
    return panel;
  }

  private void defaults(ObjectNode defaults) {
    defaults.put("unit", unit);
    if (kind == Kind.TIMESERIES) {
      defaults.put("min", 0);
      ObjectNode custom = defaults.putObject("custom");
      custom.put("drawStyle", "line").put("lineWidth", 1).put("showPoints", "never");
      custom.put("fillOpacity", stacked ? 30 : 8);
      custom.putObject("stacking").put("group", "A").put("mode", stacked ? "normal" : "none");
    }
    if (kind == Kind.STATES) {
      defaults.putObject("custom").put("lineWidth", 0).put("fillOpacity", 70);
    }
    defaults
        .putObject("color")
        .put("mode", kind == Kind.TIMESERIES ? "palette-classic" : "thresholds");
    ArrayNode steps = defaults.putObject("thresholds").put("mode", "absolute").putArray("steps");
    steps.addObject().put("color", "green").putNull("value");
    if (red != null) {
      steps.addObject().put("color", "red").put("value", red);
    }
    if (!texts.isEmpty()) {
      ObjectNode mapping = defaults.putArray("mappings").addObject().put("type", "value");
      ObjectNode words = mapping.putObject("options");
      texts.forEach(
          (value, word) ->
              words
                  .putObject(value)
                  .put("text", word[0])
                  .put("color", word[1])
                  .put("index", words.size() - 1));
    }
    addAll(defaults.putArray("links"), dataLinks);
  }

  private void options(ObjectNode options) {
    switch (kind) {
      case TIMESERIES, STATES -> {
        ObjectNode legend = options.putObject("legend");
        legend.put("showLegend", true).put("displayMode", "list").put("placement", "bottom");
        legend.putArray("calcs");
        options
            .putObject("tooltip")
            .put("mode", kind == Kind.STATES ? "single" : "multi")
            .put("sort", "desc");
        if (kind == Kind.STATES) {
          options.put("showValue", "auto").put("rowHeight", 0.9).put("mergeValues", true);
        }
      }
      case STAT -> {
        reduce(options);
        options.put("graphMode", "none").put("colorMode", "value").put("justifyMode", "auto");
        options.put("textMode", "auto").put("orientation", "auto").put("wideLayout", true);
        options.put("showPercentChange", false).put("percentChangeColorMode", "standard");
      }
      case BARS -> {
        reduce(options);
        options
            .put("displayMode", "gradient")
            .put("valueMode", "color")
            .put("namePlacement", "auto");
        options.put("showUnfilled", true).put("sizing", "auto").put("orientation", "horizontal");
        options.put("minVizWidth", 8).put("minVizHeight", 16).put("maxVizHeight", 300);
        ObjectNode legend = options.putObject("legend");
        legend.put("showLegend", false).put("displayMode", "list").put("placement", "bottom");
        legend.putArray("calcs");
      }
    }
  }

  private static void reduce(ObjectNode options) {
    ObjectNode reduced = options.putObject("reduceOptions").put("values", false).put("fields", "");
    reduced.putArray("calcs").add("lastNotNull");
  }

  private void targets(ArrayNode targets) {
    for (int i = 0; i < queries.size(); i++) {
      Query query = queries.get(i);
      ObjectNode target = targets.addObject();
      target.set("datasource", Dashboard.datasource());
      target.put("refId", String.valueOf((char) ('A' + i))).put("editorMode", "code");
      target.put("expr", query.expr()).put("legendFormat", query.legend());
      target.put("range", !query.instant()).put("instant", query.instant());
    }
  }

  private static void addAll(ArrayNode to, List<Link> links) {
    for (Link link : links) {
      String url = "${controlplane}/api/v1/" + link.path();
      if (link.timed()) {
        url += link.path().contains("?") ? "&" : "?";
        url += "since=${__from:date:iso}&until=${__to:date:iso}";
      }
      to.add(Dashboard.link(link.title(), url).put("targetBlank", true));
    }
  }
}
