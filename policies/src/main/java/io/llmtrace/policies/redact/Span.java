package io.llmtrace.policies.redact;

import io.llmtrace.policies.detect.Finding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Characters of a text that are to be replaced.
 *
 * @param why the finding that names the kind; of overlapping ones the longest
 */
record Span(int start, int end, Finding why) {
  private static final Comparator<Span> ORDER =
      Comparator.comparingInt(Span::start).thenComparing(Span::end, Comparator.reverseOrder());

  /**
   * The spans of findings in a text, in order, those that overlap or touch made one. Findings that
   * end beyond the text are left out: they speak of another one.
   */
  static List<Span> of(String text, List<Finding> findings) {
    int[] points =
        findings.stream()
            .flatMapToInt(finding -> IntStream.of(finding.start(), finding.end()))
            .sorted()
            .distinct()
            .toArray();
    int[] chars = chars(text, points);
    List<Span> spans = new ArrayList<>();
    for (Finding finding : findings) {
      int start = chars[Arrays.binarySearch(points, finding.start())];
      int end = chars[Arrays.binarySearch(points, finding.end())];
      if (end > start) {
        spans.add(new Span(start, end, finding));
      }
    }
    return merged(spans);
  }

  /** Where each of these code points begins, all in one walk; -1 beyond the text. */
  private static int[] chars(String text, int[] points) {
    int[] chars = new int[points.length];
    int point = 0;
    int at = 0;
    for (int i = 0; i < points.length; i++) {
      while (point < points[i] && at < text.length()) {
        at += Character.charCount(text.codePointAt(at));
        point++;
      }
      chars[i] = point == points[i] ? at : -1;
    }
    return chars;
  }

  static List<Span> merged(List<Span> spans) {
    List<Span> sorted = spans.stream().sorted(ORDER).toList();
    List<Span> merged = new ArrayList<>();
    int longest = 0;
    for (Span span : sorted) {
      int length = span.end - span.start;
      Span last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
      if (last == null || span.start > last.end) {
        merged.add(span);
        longest = length;
        continue;
      }
      boolean stronger =
          length > longest
              || (length == longest && span.why.severity().compareTo(last.why.severity()) > 0);
      longest = Math.max(longest, length);
      merged.set(
          merged.size() - 1,
          new Span(last.start, Math.max(last.end, span.end), stronger ? span.why : last.why));
    }
    return merged;
  }
}
