package io.llmtrace.policies.detect;

import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;

/** What tests of detectors share. */
public final class Readings {
  private Readings() {}

  /** A budget that never ends. */
  public static InspectionBudget unlimited() {
    return InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0);
  }

  /**
   * A budget of twenty seconds of this thread's own work, whatever else the machine does. Not a
   * measurement: an input that costs more than linear time takes minutes and meets it, any other
   * takes a fraction of it.
   */
  public static InspectionBudget muchWork() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return InspectionBudget.until(
        threads.getCurrentThreadCpuTime() + 20_000_000_000L, threads::getCurrentThreadCpuTime);
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
