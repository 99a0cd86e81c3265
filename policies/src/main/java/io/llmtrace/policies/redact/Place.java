package io.llmtrace.policies.redact;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Characters of the document that are to be replaced.
 *
 * @param level strings of JSON that they lie in
 * @param number whether they are a JSON number, so that what replaces them needs quotes
 * @param kind what they are, as a placeholder says it
 */
record Place(int start, int end, int level, boolean number, String kind) {

  /** In order, those that overlap or touch made one, with the kind of the longest. */
  static List<Place> merged(List<Place> places) {
    List<Place> sorted =
        places.stream()
            .sorted(
                Comparator.comparingInt(Place::start)
                    .thenComparing(Place::end, Comparator.reverseOrder()))
            .toList();
    List<Place> merged = new ArrayList<>();
    for (Place place : sorted) {
      Place last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
      if (last == null || place.start > last.end) {
        merged.add(place);
      } else if (place.end > last.end) {
        boolean longer = place.end - place.start > last.end - last.start;
        merged.set(
            merged.size() - 1,
            new Place(
                last.start, place.end, last.level, last.number, longer ? place.kind : last.kind));
      }
    }
    return merged;
  }

  /** What is replaced, as the innermost reader would read it. */
  String value(String document) {
    String value = document.substring(start, end);
    for (int i = 0; i < level; i++) {
      value = Escapes.undo(value);
    }
    return value;
  }

  /** What the placeholder needs on both sides. */
  String quote() {
    String quote = number ? "\"" : "";
    for (int i = 0; i < level; i++) {
      quote = Escapes.escape(quote);
    }
    return quote;
  }
}
