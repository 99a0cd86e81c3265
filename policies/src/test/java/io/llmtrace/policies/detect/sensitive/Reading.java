package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;

/** What a detector finds in a text, for tests. */
final class Reading {
  static final SensitiveDetector STANDARD = new SensitiveDetector();

  private Reading() {}

  static List<Finding> of(String text) {
    return of(STANDARD, text);
  }

  static List<Finding> of(SensitiveDetector detector, String text) {
    return read(detector, SegmentReading.asItStands(segment(text)));
  }

  /** With all forms of the text. */
  static List<Finding> normalised(String text) {
    return read(STANDARD, Normaliser.read(segment(text), unlimited()));
  }

  static List<Finding> read(SensitiveDetector detector, SegmentReading reading) {
    List<Finding> findings = new ArrayList<>();
    detector.detect(reading, unlimited(), findings::add);
    return findings;
  }

  /** {@code kind=value} for each finding, in order. */
  static List<String> values(String text) {
    return values(STANDARD, text);
  }

  static List<String> values(SensitiveDetector detector, String text) {
    return of(detector, text).stream().map(f -> f.rule() + "=" + value(text, f)).toList();
  }

  static List<String> kinds(String text) {
    return of(text).stream().map(Finding::rule).toList();
  }

  static String value(String text, Finding finding) {
    int[] points = text.codePoints().toArray();
    return new String(points, finding.start(), finding.end() - finding.start());
  }

  static Segment segment(String text) {
    return new Segment(Zone.USER, "user", "/messages/0/content", text);
  }

  static InspectionBudget unlimited() {
    return InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0);
  }
}
