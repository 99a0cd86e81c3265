package io.llmtrace.policies.detect.signatures;

import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Zone;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Tries the rules of a pack on every form of a segment's text. Thread-safe.
 *
 * <p>A match of at most 2,048 characters is found wherever it stands. The same rule on the same
 * characters of the original is told once, from the first view that shows it, so the text as it
 * stands comes before what was undone. At most twenty matches of a rule are told of a segment.
 */
public final class SignatureDetector implements Detector {
  /** The stage's name. */
  public static final String NAME = "signatures";

  /** With what {@link Finding#detector()} begins where a rule of a user's pack made it. */
  static final String OF_USER_PACK = NAME + ":";

  /** Characters read between two questions to the budget. */
  public static final int WINDOW = SignatureProgram.BLOCK;

  private final SignatureProgram program;
  private final FinderChoice choice;

  /** A detector on the engine that {@link SignatureEngine#configured()} names. */
  public SignatureDetector(SignaturePack pack) {
    this(pack, SignatureEngine.configured());
  }

  /**
   * A detector on one engine.
   *
   * @throws IllegalStateException if Hyperscan is demanded and does not run here
   */
  public SignatureDetector(SignaturePack pack, SignatureEngine engine) {
    this.program = pack.program();
    this.choice = pack.choice(engine);
  }

  @Override
  public String name() {
    return NAME;
  }

  /** What names candidates now: {@code hyperscan} or {@code aho-corasick}. */
  String engineName() {
    return choice.finder().name();
  }

  /** Why {@link #engineName()} is not Hyperscan, for people; empty when it is. */
  String engineNote() {
    return choice.note();
  }

  /**
   * Blocks until Hyperscan is compiled or known not to run; for measurements.
   *
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  void awaitEngine() throws InterruptedException {
    choice.await();
  }

  /** Whether a rule made a finding that somebody else wrote: the combination does not know it. */
  public static boolean isOfUserPack(Finding finding) {
    return finding.detector().startsWith(OF_USER_PACK);
  }

  /** A rule on characters of the original. */
  private record Place(int rule, int start, int end) {}

  @Override
  public void detect(SegmentReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    Zone zone = reading.segment().zone();
    int[] counts = program.counts();
    Set<Place> seen = new HashSet<>();
    // One finder for the whole segment, so that nothing changes in the middle of it.
    CandidateFinder finder = choice.finder();
    for (TextView view : reading.views()) {
      boolean whole =
          program.read(
              view.text(),
              zone,
              finder,
              counts,
              budget,
              (rule, start, end) -> {
                Place place = new Place(rule, view.originalStart(start), view.originalEnd(end - 1));
                if (seen.add(place)) {
                  sink.accept(finding(program.rules().get(rule), zone, reading, view, start, end));
                } else {
                  // Told already: it must not take the room of one that was not.
                  counts[rule]--;
                }
              });
      if (!whole) {
        return;
      }
    }
  }

  private static Finding finding(
      SignatureRule rule, Zone zone, SegmentReading reading, TextView view, int start, int end) {
    FindingType type = rule.types().get(zone);
    if (type == null) {
      throw new IllegalStateException(rule.id() + " was tried in zone " + zone);
    }
    String match = view.text().substring(start, end);
    return reading.finding(
        type,
        rule.severity(),
        rule.confidence(),
        view,
        start,
        end,
        rule.detector(),
        rule.id(),
        rule.secret() ? Evidence.secret(match) : Evidence.phrase(match));
  }
}
