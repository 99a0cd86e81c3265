package io.llmtrace.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Spans of secrets and personal data, held against rows {@code {text, spans: [{start, end,
 * type}]}}; starts and ends count code points. A span counts if start, end and kind are all right.
 */
final class SpanBench {
  private SpanBench() {}

  /** Right, wrong and missed spans. */
  static final class Counts {
    private long right;
    private long wrong;
    private long missed;

    /** Harmonic mean of precision and recall; NaN of nothing. */
    double f1() {
      long all = 2 * right + wrong + missed;
      return all == 0 ? Double.NaN : 2.0 * right / all;
    }
  }

  /**
   * Reads a file.
   *
   * @param ignored kinds that are left out on both sides: those that are switched off
   * @return by kind, and under {@code all} together
   */
  static Map<String, Counts> run(DetectionEngine engine, Path file, Set<String> ignored)
      throws IOException {
    Map<String, Counts> counts = new TreeMap<>();
    for (String line : Files.readAllLines(file)) {
      JsonNode row = WireJson.mapper().readTree(line);
      Set<Span> expected = new HashSet<>();
      for (JsonNode span : row.path("spans")) {
        expected.add(
            new Span(
                span.path("start").asInt(), span.path("end").asInt(), span.path("type").asText()));
      }
      Set<Span> found = new HashSet<>();
      for (Finding finding :
          DetectionBench.inspect(
                  engine, DetectionBench.exchange(Zone.USER, row.path("text").asText()))
              .findings()) {
        if (isLeak(finding.type()) && finding.severity() != Severity.INFO) {
          found.add(new Span(finding.start(), finding.end(), finding.rule()));
        }
      }
      expected.removeIf(span -> ignored.contains(span.kind()));
      found.removeIf(span -> ignored.contains(span.kind()));
      count(counts, expected, found);
    }
    return counts;
  }

  private record Span(int start, int end, String kind) {}

  private static boolean isLeak(FindingType type) {
    return type == FindingType.SECRET_LEAKAGE || type == FindingType.PII_DETECTED;
  }

  private static void count(Map<String, Counts> counts, Set<Span> expected, Set<Span> found) {
    for (Span span : found) {
      boolean right = expected.contains(span);
      for (String key : new String[] {"all", span.kind()}) {
        Counts of = counts.computeIfAbsent(key, kind -> new Counts());
        if (right) {
          of.right++;
        } else {
          of.wrong++;
        }
      }
    }
    for (Span span : expected) {
      if (!found.contains(span)) {
        counts.computeIfAbsent("all", kind -> new Counts()).missed++;
        counts.computeIfAbsent(span.kind(), kind -> new Counts()).missed++;
      }
    }
  }
}
