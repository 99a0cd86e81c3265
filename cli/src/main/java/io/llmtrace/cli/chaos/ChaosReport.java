package io.llmtrace.cli.chaos;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.chaos.Result.Verdict;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What a run showed, for people and for programs. Immutable.
 *
 * @param results of what was run, in order
 * @param left names of faults for which there was no time
 */
record ChaosReport(List<Result> results, List<String> left, double seconds) {
  ChaosReport {
    results = List.copyOf(results);
    left = List.copyOf(left);
  }

  /** Whether at least one fault was run and each was as expected; a skipped one is neither. */
  boolean ok() {
    return results.stream().anyMatch(result -> result.verdict() == Verdict.OK)
        && results.stream().noneMatch(result -> result.verdict() == Verdict.NOT_OK);
  }

  /** A line of the table. */
  static String line(Result result) {
    Measured m = result.measured();
    String verdict =
        switch (result.verdict()) {
          case OK -> "ok";
          case NOT_OK -> "NOT OK";
          case SKIPPED -> "skipped";
        };
    if (m == null) {
      return "%-44s %-7s %s"
          .formatted(result.fault().name(), verdict, String.join("; ", result.problems()));
    }
    return "%-44s %-7s %4d sent %4d errors %+6.0f ms  %4d logged %4d inspected %3d partial %3d not  %4d/%d records %d lost %d doubled  back after %d ms (%.0f s)"
        .formatted(
            result.fault().name(),
            verdict,
            m.sent(),
            m.errors().values().stream().mapToInt(Integer::intValue).sum(),
            m.addedMillis(),
            m.logged(),
            m.exchanges().inspected(),
            m.exchanges().partial(),
            m.exchanges().uninspected(),
            m.records().stored(),
            m.records().expected(),
            m.records().lostInAll(),
            m.records().doubled(),
            m.recoveryMillis(),
            result.seconds());
  }

  ObjectNode json() {
    ObjectNode root = WireJson.mapper().createObjectNode();
    root.put("ok", ok());
    root.put("seconds", Math.round(seconds));
    ArrayNode faults = root.putArray("faults");
    results.forEach(result -> json(result, faults.addObject()));
    ArrayNode rest = root.putArray("left_out");
    left.forEach(rest::add);
    return root;
  }

  private static void json(Result result, ObjectNode out) {
    out.put("name", result.fault().name());
    out.put("ok", result.verdict() == Verdict.OK);
    out.put("verdict", result.verdict().name().toLowerCase(Locale.ROOT));
    out.put("expected", result.fault().expectation().text());
    ArrayNode problems = out.putArray("problems");
    result.problems().forEach(problems::add);
    out.put("seconds", Math.round(result.seconds() * 10) / 10.0);
    Measured m = result.measured();
    if (m == null) {
      return;
    }
    out.put("sent", m.sent());
    ObjectNode errors = out.putObject("client_errors");
    m.errors().forEach((kind, count) -> errors.put(kind.label(), count));
    out.put("p95_before_ms", Math.round(m.p95Before()));
    out.put("p95_ms", Math.round(m.p95During()));
    out.put("added_ms", Math.round(m.addedMillis()));
    out.put("logged", m.logged());
    out.put("unlogged", m.unlogged());
    out.put("inspected", m.exchanges().inspected());
    out.put("partial", m.exchanges().partial());
    out.put("uninspected", m.exchanges().uninspected());
    out.put("unrecorded", m.exchanges().unrecorded());
    ObjectNode reasons = out.putObject("reasons");
    m.exchanges().reasons().forEach(reasons::put);
    out.put("orphans", m.orphans());
    out.put("records_expected", m.records().expected());
    out.put("records_stored", m.records().stored());
    ObjectNode lost = out.putObject("records_lost");
    m.records().lost().forEach(lost::put);
    out.put("records_doubled", m.records().doubled());
    out.put("records_unaccounted", m.records().unaccounted());
    out.put("missed_attacks", m.missedAttacks());
    out.put("recovery_ms", m.recoveryMillis());
  }

  void write(Path file) throws IOException {
    Files.writeString(
        file, WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(json()) + "\n");
  }
}
