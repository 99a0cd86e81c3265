package io.llmtrace.cli.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;

/**
 * Tells what came of the checks. What peers said may be in it, so nothing of it moves the cursor or
 * begins a line of its own. Stateless.
 */
final class Report {
  private Report() {}

  /** All problems, in the order of the checks. */
  static List<Problem> problems(Map<String, Outcome> outcomes) {
    return outcomes.values().stream()
        .filter(Outcome.Wrong.class::isInstance)
        .flatMap(outcome -> ((Outcome.Wrong) outcome).problems().stream())
        .toList();
  }

  /**
   * One object: {@code problems}, and beside it what each check that found none said ({@code
   * checks}: {@code check}, {@code status} {@code ok|skipped|problem}, {@code detail}).
   */
  static void json(Map<String, Outcome> outcomes, PrintWriter out) {
    ObjectNode all = WireJson.mapper().createObjectNode();
    ArrayNode problems = all.putArray("problems");
    for (Problem each : problems(outcomes)) {
      problems
          .addObject()
          .put("check", each.check())
          .put("severity", each.severity().label())
          .put("cause", each.cause())
          .put("mend", each.mend());
    }
    ArrayNode checks = all.putArray("checks");
    outcomes.forEach(
        (name, outcome) -> {
          ObjectNode check = checks.addObject().put("check", name);
          if (outcome instanceof Outcome.Fine fine) {
            check.put("status", "ok").put("detail", fine.seen());
          } else if (outcome instanceof Outcome.Skipped skipped) {
            check.put("status", "skipped").put("detail", skipped.because());
          } else {
            check.put("status", "problem");
          }
        });
    try {
      out.println(
          WireJson.mapper()
              .writerWithDefaultPrettyPrinter()
              .with(JsonWriteFeature.ESCAPE_NON_ASCII)
              .writeValueAsString(all));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts have a JSON form", e);
    }
  }

  /** For people: a line a check, and below it what is wrong and what mends it. */
  static void text(Map<String, Outcome> outcomes, PrintWriter out) {
    int width = outcomes.keySet().stream().mapToInt(String::length).max().orElse(0) + 2;
    outcomes.forEach(
        (name, outcome) -> {
          String first = name + " ".repeat(width - name.length());
          if (outcome instanceof Outcome.Fine fine) {
            out.println(first + "ok       " + plain(fine.seen()));
          } else if (outcome instanceof Outcome.Skipped skipped) {
            out.println(first + "skipped  because " + plain(skipped.because()));
          } else if (outcome instanceof Outcome.Wrong wrong) {
            for (Problem each : wrong.problems()) {
              out.println(
                  first + "PROBLEM  " + each.severity().label() + ": " + plain(each.cause()));
              out.println(" ".repeat(width) + "  mend   " + plain(each.mend()));
            }
          }
        });
    int count = problems(outcomes).size();
    out.println();
    out.println(
        count == 0 ? "No problem was found." : count + (count == 1 ? " problem." : " problems."));
  }

  private static String plain(String text) {
    return text.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]+", " ").strip();
  }
}
