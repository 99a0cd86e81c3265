package io.llmtrace.policies.detect.signatures;

import com.google.re2j.Matcher;
import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Tries the rules of a pack on every form of a segment's text. Thread-safe.
 *
 * <p>A text is read in windows that overlap, so that the budget can be asked between them: one rule
 * on one window is the longest step. A match longer than the overlap may be missed where two
 * windows meet; no rule of ours matches that much.
 */
public final class SignatureDetector implements Detector {
  /** The stage's name. */
  public static final String NAME = "signatures";

  /** Characters read at a time. */
  public static final int WINDOW = 32 * 1024;

  static final int OVERLAP = 1024;
  private static final int MOST_MATCHES_OF_A_RULE = 5;

  private final List<SignatureRule> rules;

  public SignatureDetector(SignaturePack pack) {
    this.rules = pack.rules();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void detect(SegmentReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    for (TextView view : reading.views()) {
      String text = view.text();
      for (int from = 0; from < text.length() && !budget.spent(); from += WINDOW - OVERLAP) {
        int to = Math.min(text.length(), from + WINDOW);
        scan(new Window(reading, view, from, text.substring(from, to)), budget, sink);
        if (to == text.length()) {
          break;
        }
      }
    }
  }

  /**
   * A piece of a view.
   *
   * @param offset character of the view at which it begins
   */
  private record Window(SegmentReading reading, TextView view, int offset, String text) {}

  private void scan(Window window, InspectionBudget budget, Consumer<Finding> sink) {
    String lower = window.text().toLowerCase(Locale.ROOT);
    for (SignatureRule rule : rules) {
      if (budget.spent()) {
        return;
      }
      if (rule.zones().contains(window.reading().segment().zone()) && mayMatch(rule, lower)) {
        matches(rule, window, sink);
      }
    }
  }

  private static boolean mayMatch(SignatureRule rule, String lower) {
    if (rule.literals().isEmpty()) {
      return true;
    }
    for (String literal : rule.literals()) {
      if (lower.contains(literal)) {
        return true;
      }
    }
    return false;
  }

  private static void matches(SignatureRule rule, Window window, Consumer<Finding> sink) {
    Matcher matcher = rule.pattern().matcher(window.text());
    for (int i = 0; i < MOST_MATCHES_OF_A_RULE && matcher.find(); i++) {
      String match = matcher.group();
      sink.accept(
          window
              .reading()
              .finding(
                  rule.type(),
                  rule.severity(),
                  rule.confidence(),
                  window.view(),
                  window.offset() + matcher.start(),
                  window.offset() + matcher.end(),
                  NAME,
                  rule.id(),
                  rule.secret() ? Evidence.secret(match) : Evidence.phrase(match)));
    }
  }
}
