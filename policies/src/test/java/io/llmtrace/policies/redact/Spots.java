package io.llmtrace.policies.redact;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Findings and calls, short enough to be read in a test. */
final class Spots {
  private Spots() {}

  static Finding finding(String kind, String pointer, int start, int end) {
    return new Finding(
        FindingType.PII_DETECTED,
        Severity.LOW,
        0.9,
        Zone.USER,
        pointer,
        start,
        end,
        "sensitive",
        kind,
        "");
  }

  /** The first place of {@code what} in the segment's text. */
  static Finding spot(String kind, Segment segment, String what) {
    int at = segment.text().indexOf(what);
    if (at < 0) {
      throw new IllegalArgumentException("'" + what + "' is not in the text");
    }
    int start = segment.text().codePointCount(0, at);
    return finding(kind, segment.pointer(), start, start + what.codePointCount(0, what.length()));
  }

  static Segment segment(String pointer, String text) {
    return new Segment(Zone.USER, "user", pointer, text);
  }

  static Redaction redact(String body, List<Segment> segments, Finding... findings) {
    return Redactor.redact(
        body.getBytes(StandardCharsets.UTF_8),
        segments,
        List.of(findings),
        Numbering.fresh(List.of()),
        1 << 24,
        InspectionBudget.unlimited());
  }

  /** The new body of a redaction that went well. */
  static String body(Redaction redaction) {
    if (redaction instanceof Redaction.Redacted done) {
      return new String(done.body(), StandardCharsets.UTF_8);
    }
    throw new AssertionError("refused: " + redaction);
  }
}
