package io.llmtrace.policies.redact;

import io.llmtrace.policies.detect.InspectionBudget;
import java.util.ArrayList;
import java.util.List;

/**
 * Fits spans into the text that they are in. In plain text a span is replaced as it is. In a JSON
 * text (the arguments of a tool call, a result of a tool) only what a span covers of strings and
 * numbers is replaced, and never half an escape, so that it stays JSON, and so on for JSON inside
 * its strings.
 */
final class Fitting {
  private static final int TOKENS_BETWEEN_LOOKS = 1024;

  private final InspectionBudget budget;
  private final List<Place> places = new ArrayList<>();

  Fitting(InspectionBudget budget) {
    this.budget = budget;
  }

  List<Place> places() {
    return Place.merged(places);
  }

  /**
   * Fits spans in.
   *
   * @param spans in order, none touching another
   * @throws OutOfTimeException if the budget ends
   */
  void fit(Layer layer, List<Span> spans) {
    if (spans.isEmpty()) {
      return;
    }
    if (layer.level() > Layer.MOST_LEVELS || !JsonScan.isDocument(layer.text())) {
      for (Span span : spans) {
        add(layer, span.start(), span.end(), false, span);
      }
      return;
    }
    JsonScan scan = new JsonScan(layer.text());
    int first = 0;
    int tokens = 0;
    for (JsonScan.Token token = scan.next();
        token != JsonScan.Token.END && first < spans.size();
        token = scan.next()) {
      if (++tokens % TOKENS_BETWEEN_LOOKS == 0) {
        OutOfTimeException.check(budget);
      }
      while (first < spans.size() && spans.get(first).end() <= scan.from()) {
        first++;
      }
      switch (token) {
        case NAME, STRING -> string(layer, scan.from(), scan.to(), spans, first);
        case NUMBER -> {
          if (first < spans.size() && spans.get(first).start() < scan.to()) {
            add(layer, scan.from(), scan.to(), true, spans.get(first));
          }
        }
        default -> {
          // Structure, true, false and null say nothing about anybody.
        }
      }
    }
  }

  private void string(Layer layer, int from, int to, List<Span> spans, int first) {
    if (first >= spans.size() || spans.get(first).start() >= to) {
      return;
    }
    Layer content = layer.inside(from, to);
    List<Span> inside = new ArrayList<>();
    for (int i = first; i < spans.size() && spans.get(i).start() < to; i++) {
      Span span = spans.get(i);
      int start = content.firstAt(Math.max(from, span.start()));
      int end = content.endAt(Math.min(to, span.end()));
      if (end > start) {
        inside.add(new Span(start, end, span.why()));
      }
    }
    fit(content, Span.merged(inside));
  }

  private void add(Layer layer, int start, int end, boolean number, Span span) {
    places.add(
        new Place(
            layer.inDocument(start),
            layer.inDocument(end),
            layer.level(),
            number,
            Placeholder.kind(span.why())));
  }
}
