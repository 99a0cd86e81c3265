package io.llmtrace.policies.detect.text;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Makes all forms of a segment's text that detectors read. Stateless. */
public final class Normaliser {
  /** How deep encodings are undone inside each other. */
  public static final int DEPTH = 3;

  private static final int WINDOW = 32 * 1024;
  private static final int OVERLAP = 1024;

  private Normaliser() {}

  /** Reads a segment until every form is found, a bound is met or the budget is spent. */
  public static SegmentReading read(Segment segment, InspectionBudget budget) {
    List<TextView> views = new ArrayList<>();
    views.add(TextView.original(segment.text()));
    boolean complete = decoded(views.get(0), 1, budget, views);
    return new SegmentReading(segment, views, complete);
  }

  private static boolean decoded(
      TextView outer, int depth, InspectionBudget budget, List<TextView> views) {
    String text = outer.text();
    for (int from = 0; from < text.length(); from += WINDOW - OVERLAP) {
      int to = Math.min(text.length(), from + WINDOW);
      if (budget.spent()) {
        return false;
      }
      for (EncodedText.Piece piece : EncodedText.find(text.substring(from, to))) {
        TextView view = view(outer, from, piece);
        views.add(view);
        if (depth < DEPTH && !decoded(view, depth + 1, budget, views)) {
          return false;
        }
      }
      if (to == text.length()) {
        break;
      }
    }
    return true;
  }

  /** A piece points as a whole at its encoded form. */
  private static TextView view(TextView outer, int from, EncodedText.Piece piece) {
    int[] starts = new int[piece.text().length()];
    int[] ends = new int[piece.text().length()];
    Arrays.fill(starts, outer.originalStart(from + piece.start()));
    Arrays.fill(ends, outer.originalEnd(from + piece.end() - 1));
    List<String> transforms = new ArrayList<>(outer.transforms());
    transforms.add(piece.encoding());
    return TextView.made(piece.text(), transforms, starts, ends);
  }
}
