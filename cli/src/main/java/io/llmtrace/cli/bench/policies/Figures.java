package io.llmtrace.cli.bench.policies;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.io.PrintWriter;
import java.util.Locale;

/** What was measured and what it is held against, told as it comes. For one thread. */
final class Figures {
  private final PrintWriter out;
  private final ObjectNode json = WireJson.mapper().createObjectNode();
  private final ArrayNode bars = json.putArray("bars");
  private boolean met = true;

  Figures(PrintWriter out) {
    this.out = out;
  }

  /** Details of a part, to be filled. */
  ObjectNode part(String name) {
    return json.putObject(name);
  }

  /** A line for whoever waits. */
  void say(String format, Object... values) {
    out.printf(Locale.ROOT, format + "%n", values);
    out.flush();
  }

  /** A figure that has to be so much at most. */
  void atMost(String figure, double value, double bar) {
    judge(figure, value, "≤ " + shown(bar), value <= bar);
  }

  /** A figure that has to be exactly that. */
  void exactly(String figure, long value, long bar) {
    judge(figure, (double) value, Long.toString(bar), value == bar);
  }

  private void judge(String figure, double value, String bar, boolean meets) {
    bars.addObject()
        .put("figure", figure)
        .put("value", Math.round(value * 1000) / 1000.0)
        .put("bar", bar)
        .put("meets", meets);
    met &= meets;
    say("%-78s %8s  bar %-8s %s", figure, shown(value), bar, meets ? "met" : "NOT MET");
  }

  private static String shown(double value) {
    return value == Math.rint(value)
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.3f", value);
  }

  ObjectNode json() {
    return json;
  }

  boolean meetsAll() {
    return met;
  }
}
