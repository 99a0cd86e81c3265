package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Finds secrets and personal data in every form of a segment's text, in all zones. Thread-safe.
 *
 * <p>The text as it stands is read first. In a form that was made of it only what is strong counts
 * (a prefix, a check that holds, a name beside it), because what decodes by chance reads like
 * anything; and what lies in a span that was found before is not found again, so that the e-mail
 * address inside a JWT, or a card in two forms of one text, is one finding.
 *
 * <p>Time is linear in the text: see {@link Scan}.
 */
public final class SensitiveDetector implements Detector {
  /** The stage's name. */
  public static final String NAME = "sensitive";

  /** Confidence that a finding in a form of the text that was made of it needs. */
  private static final double STRONG = 0.85;

  /** What turns letters or digits into others: a number that was changed is not the number. */
  private static final List<String> CHANGING = List.of("revers", "rot13", "leet", "mirror");

  private final SensitiveSettings settings;
  private final Lexicon lexicon;

  /** A detector with {@link SensitiveSettings#standard()}. */
  public SensitiveDetector() {
    this(SensitiveSettings.standard());
  }

  /** A detector with settings. Takes half a second the first time: tables are made and loaded. */
  public SensitiveDetector(SensitiveSettings settings) {
    this.settings = settings;
    if (settings.on(PiiKinds.PHONE)) {
      Phones.warmUp();
    }
    boolean names = settings.on(PiiKinds.PERSON_NAME) || settings.on(PiiKinds.POSTAL_ADDRESS);
    this.lexicon = Lexicon.of(names ? Lexicon.Names.WITH : Lexicon.Names.WITHOUT);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void detect(SegmentReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    Found found = new Found(reading, sink);
    for (TextView view : reading.views()) {
      if (budget.spent()) {
        return;
      }
      if (view.transforms().stream().noneMatch(SensitiveDetector::changes)) {
        found.begin(view);
        new Scan(view.text(), settings, lexicon, budget, found::add).run();
      }
    }
  }

  private static boolean changes(String transform) {
    return CHANGING.stream().anyMatch(transform::contains);
  }

  /** Turns candidates of the views into findings, each place of the original once. */
  private static final class Found {
    private final SegmentReading reading;
    private final Consumer<Finding> sink;
    private final CodePoints codePoints;
    private final Set<String> reported = new HashSet<>();
    private final NavigableMap<Integer, Integer> before = new TreeMap<>();
    private final NavigableMap<Integer, Integer> now = new TreeMap<>();
    private TextView view;

    Found(SegmentReading reading, Consumer<Finding> sink) {
      this.reading = reading;
      this.sink = sink;
      this.codePoints = new CodePoints(reading.segment().text());
      this.view = reading.views().get(0);
    }

    void begin(TextView next) {
      now.forEach((from, to) -> before.merge(from, to, Math::max));
      now.clear();
      view = next;
    }

    void add(Candidate candidate) {
      int from = view.originalStart(candidate.from());
      int to = Math.max(from, view.originalEnd(candidate.to() - 1));
      if (!view.isOriginal()) {
        Map.Entry<Integer, Integer> left = before.lowerEntry(to);
        boolean known = left != null && left.getValue() > from;
        if (candidate.confidence() < STRONG || known) {
          return;
        }
      }
      if (!view.isOriginal() && !reported.add(candidate.kind().id() + ' ' + from + ' ' + to)) {
        return;
      }
      now.merge(from, to, Math::max);
      sink.accept(
          new Finding(
              candidate.kind().type(),
              candidate.severity(),
              candidate.confidence(),
              reading.segment().zone(),
              reading.segment().pointer(),
              codePoints.before(from),
              codePoints.before(to),
              NAME,
              candidate.kind().id(),
              Masked.evidence(candidate, view.text())));
    }
  }
}
