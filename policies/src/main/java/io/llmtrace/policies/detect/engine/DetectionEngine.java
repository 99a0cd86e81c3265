package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.signatures.SignatureDetector;
import io.llmtrace.policies.detect.signatures.SignaturePack;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Runs the cascade over an exchange. Thread-safe.
 *
 * <p>Segments are read from the last to the first: the newest turn of a conversation is where an
 * attack arrives, and it must have been read when a long history eats the budget.
 */
public final class DetectionEngine {
  /** The stage that makes the forms of a text that the others read. */
  public static final String NORMALISE = "normalise";

  private final List<Detector> detectors;

  public DetectionEngine(List<Detector> detectors) {
    this.detectors = List.copyOf(detectors);
  }

  /** The detectors and packs that the product ships. */
  public static DetectionEngine builtIn() {
    return builtIn(EngineOptions.standard());
  }

  /** The same, made as the options say. */
  public static DetectionEngine builtIn(EngineOptions options) {
    List<Detector> all = List.of(new SignatureDetector(SignaturePack.builtIn()));
    return new DetectionEngine(
        all.stream().filter(stage -> !options.without().contains(stage.name())).toList());
  }

  /** Names of the stages, in the order they run. */
  public List<String> stages() {
    return detectors.stream().map(Detector::name).toList();
  }

  /**
   * Reads {@code exchange} until done or until the budget is spent, and keeps {@code progress} up
   * to date throughout. What a detector throws goes to the caller; progress keeps what was found
   * before.
   */
  public void inspect(Exchange exchange, InspectionBudget budget, InspectionProgress progress) {
    List<Segment> segments = exchange.segments();
    progress.begin(segments.size(), stages());
    Set<String> unfinished = new LinkedHashSet<>();
    for (int i = segments.size() - 1; i >= 0; i--) {
      boolean whole = true;
      SegmentReading reading = normalise(segments.get(i), budget, progress);
      if (!reading.complete()) {
        unfinished.add(NORMALISE);
      }
      for (Detector detector : detectors) {
        if (!read(detector, reading, budget, progress)) {
          unfinished.add(detector.name());
          whole = false;
        }
      }
      if (whole) {
        progress.segmentRead();
      }
    }
    progress.end(unfinished);
  }

  private static SegmentReading normalise(
      Segment segment, InspectionBudget budget, InspectionProgress progress) {
    long start = System.nanoTime();
    SegmentReading reading = Normaliser.read(segment, budget);
    progress.stage(NORMALISE, (System.nanoTime() - start) / 1000);
    return reading;
  }

  private static boolean read(
      Detector detector,
      SegmentReading reading,
      InspectionBudget budget,
      InspectionProgress progress) {
    if (budget.spent()) {
      return false;
    }
    long start = System.nanoTime();
    try {
      detector.detect(reading, budget, progress::found);
    } finally {
      progress.stage(detector.name(), (System.nanoTime() - start) / 1000);
    }
    // A detector that was cut short has read something, but not all.
    boolean whole = !budget.spent();
    if (whole) {
      progress.stageRead();
    }
    return whole;
  }
}
