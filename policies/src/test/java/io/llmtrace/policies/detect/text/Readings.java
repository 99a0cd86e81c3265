package io.llmtrace.policies.detect.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Readings without an end of time, and what must hold of any reading. */
final class Readings {
  private Readings() {}

  static SegmentReading of(String text) {
    return of(text, InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0));
  }

  static SegmentReading of(String text, InspectionBudget budget) {
    return Normaliser.read(new Segment(Zone.USER, "user", "", text), budget);
  }

  static List<String> texts(SegmentReading reading) {
    return reading.views().stream().map(TextView::text).toList();
  }

  /** The first form that holds {@code words}. */
  static TextView saying(SegmentReading reading, String words) {
    return reading.views().stream()
        .filter(view -> view.text().contains(words))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no form says '" + words + "': " + texts(reading)));
  }

  /** The characters of the original that {@code words} in a form stand for. */
  static String source(SegmentReading reading, TextView view, String words) {
    int at = view.text().indexOf(words);
    return reading
        .segment()
        .text()
        .substring(
            view.originalStart(at, at + words.length()), view.originalEnd(at, at + words.length()));
  }

  static void check(SegmentReading reading) {
    String text = reading.segment().text();
    List<TextView> views = reading.views();
    assertThat(views.get(0).isOriginal()).isTrue();
    assertThat(views.get(0).text()).isEqualTo(text);
    assertThat(views).hasSizeLessThanOrEqualTo(Normaliser.MOST_VIEWS);
    Set<String> seen = new HashSet<>();
    long output = 0;
    for (TextView view : views) {
      assertThat(seen.add(view.text())).as("each form once").isTrue();
      output += view.isOriginal() ? 0 : view.text().length();
      map(text, view);
    }
    assertThat(output)
        .isLessThanOrEqualTo(
            Math.max(Normaliser.LEAST_OUTPUT, (long) Normaliser.MOST_GROWTH * text.length()));
  }

  private static void map(String text, TextView view) {
    if (view.isOriginal()) {
      return;
    }
    boolean ordered =
        List.of(Reversed.NAME, Turned.NAME, Joined.NAME).stream()
            .noneMatch(view.transforms()::contains);
    int before = 0;
    for (int i = 0; i < view.text().length(); i++) {
      int start = view.originalStart(i);
      int end = view.originalEnd(i);
      boolean sound =
          start >= 0
              && start < end
              && end <= text.length()
              && !partsPair(text, start)
              && !partsPair(text, end)
              && (!ordered || start >= before);
      if (!sound) {
        throw new AssertionError(
            "character " + i + " of " + view.transforms() + " stands for " + start + " to " + end);
      }
      before = start;
    }
  }

  private static boolean partsPair(String text, int at) {
    return at > 0
        && at < text.length()
        && Character.isLowSurrogate(text.charAt(at))
        && Character.isHighSurrogate(text.charAt(at - 1));
  }
}
