package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.terminal.Terminal;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** All that a bench has found so far: printed as it comes, and kept as JSON. One thread's. */
final class Figures implements Notes {
  private final PrintWriter out;
  private final ObjectNode json = WireJson.mapper().createObjectNode();
  private final List<Judgement> judged = new ArrayList<>();
  private long errors;

  Figures(PrintWriter out) {
    this.out = out;
  }

  /** What is kept, for figures that no bar is set for. */
  ObjectNode json() {
    return json;
  }

  void judge(String figure, double value, String bar, boolean meets) {
    note(new Judgement(figure, value, bar, meets), null);
  }

  @Override
  public void note(Judgement judgement, @Nullable ObjectNode detail) {
    judged.add(judgement);
    if (detail != null) {
      json.setAll(detail);
    }
    out.printf(
        Locale.ROOT,
        "%-70s %12.3f   %-14s %s%n",
        judgement.figure(),
        judgement.value(),
        judgement.bar(),
        judgement.bar().equals("–") ? "" : judgement.meets() ? "met" : "MISSED");
    out.flush();
  }

  /** Tells whoever watches what is done now. */
  void say(String format, Object... values) {
    if (Terminal.attached()) {
      out.printf(Locale.ROOT, "  " + format + "%n", values);
      out.flush();
    }
  }

  /** Adds what of a round did not end with 200. */
  void count(Outcome seen) {
    errors += seen.errors(200);
  }

  /** Judges the errors of all rounds. */
  void judgeErrors() {
    json.put("errors", errors);
    judge("errors", (double) errors, "0", errors == 0);
  }

  /** What is kept, with each bar and whether it was met. */
  ObjectNode withBars() {
    ArrayNode bars = json.putArray("bars");
    judged.forEach(
        each ->
            bars.addObject()
                .put("figure", each.figure())
                .put("value", each.value())
                .put("bar", each.bar())
                .put("meets", each.meets()));
    return json;
  }

  boolean meetsAll() {
    return judged.stream().allMatch(Judgement::meets);
  }
}
