package io.llmtrace.policies.detect;

import io.llmtrace.policies.exchange.Segment;
import java.util.List;

/**
 * A segment with all forms of its text, made once and read by every detector. Immutable.
 *
 * @param views the text as it stands first, then what was undone, in a fixed order
 * @param complete whether every form is there; false when a bound or the budget ended the search
 */
public record SegmentReading(Segment segment, List<TextView> views, boolean complete) {
  public SegmentReading {
    views = List.copyOf(views);
  }

  /** A segment read as it stands. */
  public static SegmentReading asItStands(Segment segment) {
    return new SegmentReading(segment, List.of(TextView.original(segment.text())), true);
  }

  /**
   * A finding on characters {@code [from, to)} of a view, with the span of the original.
   *
   * @throws IndexOutOfBoundsException if the span is empty or not within the view
   */
  public Finding finding(
      FindingType type,
      Severity severity,
      double confidence,
      TextView view,
      int from,
      int to,
      String detector,
      String rule,
      String evidence) {
    TextView original = views.get(0);
    return new Finding(
        type,
        severity,
        confidence,
        segment.zone(),
        segment.pointer(),
        original.codePoint(view.originalStart(from, to)),
        original.codePoint(view.originalEnd(from, to)),
        detector,
        rule,
        evidence);
  }
}
