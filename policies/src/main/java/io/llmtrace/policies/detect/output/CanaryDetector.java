package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.TextView;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Finds canary tokens of the tenant in an answer, in any case, forwards or backwards, with anything
 * but letters and digits between their characters, and in every form of the text. What only looks
 * like one is ignored. Thread-safe; free where the tenant has no canaries.
 */
public final class CanaryDetector implements AnswerDetector {
  /** The stage's name. */
  public static final String NAME = "canary";

  /** Marks whose token is computed: one takes a microsecond or two. */
  private static final int MOST_CANDIDATES = 2000;

  private static final String BACKWARDS = new StringBuilder(CanaryTokens.MARK).reverse().toString();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void detect(AnswerReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    if (reading.context().canaries().isEmpty()) {
      return;
    }
    CanaryTokens tokens = reading.context().canaries().get();
    for (SegmentReading segment : reading.segments()) {
      for (TextView view : segment.views()) {
        if (budget.spent()) {
          return;
        }
        if (view(tokens, segment, view, budget, sink)) {
          break;
        }
      }
    }
  }

  /** Letters and digits of a text in lower case, and where each stands. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Dense(String text, int[] places) {
    static Dense of(String text) {
      char[] letters = new char[text.length()];
      int[] places = new int[text.length()];
      int count = 0;
      for (int i = 0; i < text.length(); i++) {
        if (Character.isLetterOrDigit(text.charAt(i))) {
          places[count] = i;
          letters[count++] = Character.toLowerCase(text.charAt(i));
        }
      }
      return new Dense(new String(letters, 0, count), Arrays.copyOf(places, count));
    }
  }

  private static boolean view(
      CanaryTokens tokens,
      SegmentReading segment,
      TextView view,
      InspectionBudget budget,
      Consumer<Finding> sink) {
    Dense dense = Dense.of(view.text());
    String text = dense.text();
    int whole = CanaryTokens.MARK.length() + CanaryTokens.LENGTH;
    int candidates = 0;
    int at = text.indexOf(CanaryTokens.MARK);
    while (at >= 0 && at + whole <= text.length() && candidates++ < MOST_CANDIDATES) {
      String body = text.substring(at + CanaryTokens.MARK.length(), at + whole);
      if (isCandidate(body) && tokens.isOurs(body)) {
        report(segment, view, dense, at, at + whole, sink);
        return true;
      }
      at = budget.spent() ? -1 : text.indexOf(CanaryTokens.MARK, at + 1);
    }
    at = text.indexOf(BACKWARDS);
    while (at >= 0 && candidates++ < MOST_CANDIDATES) {
      int from = at - CanaryTokens.LENGTH;
      if (from >= 0) {
        String body = new StringBuilder(text.substring(from, at)).reverse().toString();
        if (isCandidate(body) && tokens.isOurs(body)) {
          report(segment, view, dense, from, at + CanaryTokens.MARK.length(), sink);
          return true;
        }
      }
      at = budget.spent() ? -1 : text.indexOf(BACKWARDS, at + 1);
    }
    return false;
  }

  private static boolean isCandidate(String body) {
    for (int i = 0; i < body.length(); i++) {
      if (CanaryTokens.value(body.charAt(i)) < 0) {
        return false;
      }
    }
    return true;
  }

  private static void report(
      SegmentReading segment,
      TextView view,
      Dense dense,
      int from,
      int to,
      Consumer<Finding> sink) {
    int start = dense.places()[from];
    int end = dense.places()[to - 1] + 1;
    sink.accept(
        segment.finding(
            FindingType.CANARY_TOKEN_LEAKAGE,
            Severity.CRITICAL,
            0.99,
            view,
            start,
            end,
            NAME,
            "canary",
            Evidence.secret(view.text().substring(start, end))));
  }
}
