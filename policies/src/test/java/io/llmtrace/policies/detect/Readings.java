package io.llmtrace.policies.detect;

import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;

/** What tests of detectors share. */
public final class Readings {
  private Readings() {}

  /** A budget that never ends. */
  public static InspectionBudget unlimited() {
    return InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0);
  }

  /** A segment with the forms that the product reads. */
  public static SegmentReading reading(Zone zone, String pointer, String text) {
    return Normaliser.read(new Segment(zone, "", pointer, text), unlimited());
  }

  /** What a detector says of one segment. */
  public static List<Finding> detect(Detector detector, Zone zone, String pointer, String text) {
    List<Finding> findings = new ArrayList<>();
    detector.detect(reading(zone, pointer, text), unlimited(), findings::add);
    return findings;
  }
}
