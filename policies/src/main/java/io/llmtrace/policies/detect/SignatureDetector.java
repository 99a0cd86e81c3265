package io.llmtrace.policies.detect;

import com.google.re2j.Matcher;
import io.llmtrace.policies.exchange.Segment;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tries the rules of a pack on a segment, and on what is encoded in it. Thread-safe.
 *
 * <p>A text is read in windows that overlap, so that the budget can be asked between them: one rule
 * on one window is the longest step. A match longer than the overlap may be missed where two
 * windows meet; no rule of ours matches that much.
 */
public final class SignatureDetector implements Detector {
  /** The stage's name. */
  public static final String NAME = "signatures";

  static final int WINDOW = 32 * 1024;
  static final int OVERLAP = 1024;
  private static final int DEPTH = 2;
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
  public void detect(Segment segment, InspectionBudget budget, Consumer<Finding> sink) {
    String text = segment.text();
    for (int from = 0; from < text.length() && !budget.spent(); from += WINDOW - OVERLAP) {
      String window = text.substring(from, Math.min(text.length(), from + WINDOW));
      scan(new Window(segment, window, from, 0, 0, false), budget, sink);
      encoded(segment, window, from, null, 1, budget, sink);
      if (from + WINDOW >= text.length()) {
        return;
      }
    }
  }

  /**
   * A text to scan.
   *
   * @param offset character of the segment at which it begins; for decoded text, of the encoded
   *     form
   * @param start span of the encoded form in the segment
   * @param decoded whether the text stands in the segment in another form, so that spans point at
   *     that
   */
  private record Window(
      Segment segment, String text, int offset, int start, int end, boolean decoded) {}

  private void encoded(
      Segment segment,
      String text,
      int offset,
      EncodedText.@Nullable Piece outer,
      int depth,
      InspectionBudget budget,
      Consumer<Finding> sink) {
    for (EncodedText.Piece piece : EncodedText.find(text)) {
      if (budget.spent()) {
        return;
      }
      int start = outer == null ? offset + piece.start() : outer.start();
      int end = outer == null ? offset + piece.end() : outer.end();
      scan(new Window(segment, piece.text(), offset, start, end, true), budget, sink);
      if (depth < DEPTH) {
        encoded(
            segment,
            piece.text(),
            offset,
            new EncodedText.Piece(piece.text(), start, end),
            depth + 1,
            budget,
            sink);
      }
    }
  }

  private void scan(Window window, InspectionBudget budget, Consumer<Finding> sink) {
    String lower = window.text().toLowerCase(Locale.ROOT);
    for (SignatureRule rule : rules) {
      if (budget.spent()) {
        return;
      }
      if (rule.zones().contains(window.segment().zone()) && mayMatch(rule, lower)) {
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
      int start = window.decoded() ? window.start() : window.offset() + matcher.start();
      int end = window.decoded() ? window.end() : window.offset() + matcher.end();
      String text = window.segment().text();
      sink.accept(
          new Finding(
              rule.type(),
              rule.severity(),
              rule.confidence(),
              window.segment().zone(),
              window.segment().pointer(),
              text.codePointCount(0, start),
              text.codePointCount(0, end),
              NAME,
              rule.id(),
              rule.secret() ? Evidence.secret(matcher.group()) : Evidence.phrase(matcher.group())));
    }
  }
}
