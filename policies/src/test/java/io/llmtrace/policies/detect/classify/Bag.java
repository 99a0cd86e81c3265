package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** All windows of one text, as features: what multiple-instance training learns from. */
final class Bag {
  final TrainingRow row;
  final int zone;
  final List<View> views = new ArrayList<>();

  /** One view: features of all tokens one after another, and where each token's begin. */
  static final class View {
    String text = "";
    boolean original = true;
    int[] features = new int[0];
    int[] offsets = new int[0];
    int[] from = new int[0];
    int[] to = new int[0];
    int[] hash = new int[0];
    boolean[] word = new boolean[0];
    int payloadFrom = -1;
    int payloadTo = -1;

    int tokens() {
      return offsets.length - 1;
    }
  }

  private Bag(TrainingRow row) {
    this.row = row;
    this.zone = NgramFeatures.zoneGroup(row.zone());
  }

  static Bag of(TrainingRow row, NgramFeatures maker) {
    Bag bag = new Bag(row);
    Segment segment = new Segment(row.zone(), "", "", row.text());
    SegmentReading reading =
        Normaliser.read(segment, InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0));
    for (TextView view : reading.views()) {
      String text =
          view.text().length() > NgramClassifier.BLOCK
              ? view.text().substring(0, NgramClassifier.BLOCK)
              : view.text();
      View made = view(text, row, maker);
      made.original = view.isOriginal();
      bag.views.add(made);
    }
    return bag;
  }

  private static View view(String text, TrainingRow row, NgramFeatures maker) {
    View view = new View();
    view.text = text;
    maker.read(text, 0, text.length(), row.zone());
    int tokens = maker.tokens.count;
    int[] scratch = new int[NgramFeatures.MOST];
    int[] all = new int[Math.max(64, text.length() * 5)];
    view.offsets = new int[tokens + 1];
    int n = 0;
    for (int t = 0; t < tokens; t++) {
      int count = maker.of(t, scratch);
      if (n + count > all.length) {
        all = Arrays.copyOf(all, all.length * 2);
      }
      System.arraycopy(scratch, 0, all, n, count);
      n += count;
      view.offsets[t + 1] = n;
    }
    view.features = Arrays.copyOf(all, n);
    view.from = Arrays.copyOf(maker.tokens.from, tokens);
    view.to = Arrays.copyOf(maker.tokens.to, tokens);
    view.hash = Arrays.copyOf(maker.tokens.hash, tokens);
    view.word = new boolean[tokens];
    for (int t = 0; t < tokens; t++) {
      view.word[t] = maker.tokens.kind[t] == Tokens.WORD;
    }
    return view;
  }
}
