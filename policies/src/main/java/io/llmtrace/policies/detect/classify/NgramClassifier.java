package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Zone;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * Linear classifier of hashed word and character n-grams, in windows of three widths. Thread-safe.
 *
 * <p>A text is read in blocks, so that the budget can be asked between them; blocks overlap by more
 * than the widest window of ordinary words.
 */
public final class NgramClassifier {
  /** The classifier's name. */
  public static final String NAME = "ngram";

  /** Characters read between two questions to the budget: some 200 microseconds. */
  static final int BLOCK = 16 * 1024;

  private static final int OVERLAP = 2 * 1024;
  private static final String RESOURCE = "/models/ngram.bin";

  private final ThreadLocal<Reader> readers;

  NgramClassifier(NgramModel model) {
    this.readers = ThreadLocal.withInitial(() -> new Reader(model));
  }

  /**
   * The classifier that the product ships.
   *
   * @throws IllegalArgumentException if the model in the jar is damaged
   */
  public static NgramClassifier builtIn() {
    try (InputStream in = NgramClassifier.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalArgumentException("no " + RESOURCE + " in the jar");
      }
      return new NgramClassifier(NgramModel.read(in.readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE, e);
    }
  }

  /** The classifier's name in receipts. */
  public String name() {
    return NAME;
  }

  /**
   * How much a segment looks like an attack, by all its views. When the budget ends first, the
   * score is that of what was read, and says so.
   */
  public Score score(SegmentReading reading, InspectionBudget budget) {
    return readers.get().read(reading, budget);
  }

  /** What one thread reads with. */
  private static final class Reader {
    private final NgramModel model;
    private final NgramFeatures features = new NgramFeatures();
    private final int[] scratch = new int[NgramFeatures.MOST];
    private double[] sums = new double[1];

    private double best;
    private TextView bestView = TextView.original("");
    private int bestFrom;
    private int bestTo;
    private int windows;
    private double viewSum;
    private int viewTokens;

    Reader(NgramModel model) {
      this.model = model;
    }

    Score read(SegmentReading reading, InspectionBudget budget) {
      Zone zone = reading.segment().zone();
      best = Double.NEGATIVE_INFINITY;
      windows = 0;
      boolean complete = true;
      double mean = 0;
      for (TextView view : reading.views()) {
        double before = best;
        complete = complete && view(view, zone, budget);
        if (best > before) {
          mean = viewSum / Math.max(1, viewTokens);
        }
      }
      if (windows == 0) {
        best = model.logit(zone, 0, 0, 0);
        bestView = reading.views().get(0);
        bestFrom = 0;
        bestTo = 0;
      }
      Score score =
          new Score(
              best, Score.logistic(best), mean, bestView, bestFrom, bestTo, windows, complete);
      bestView = TextView.original("");
      return score;
    }

    private boolean view(TextView view, Zone zone, InspectionBudget budget) {
      String text = view.text();
      viewSum = 0;
      viewTokens = 0;
      for (int from = 0; from < text.length(); from += BLOCK - OVERLAP) {
        if (budget.spent()) {
          return false;
        }
        int to = Math.min(text.length(), from + BLOCK);
        block(view, zone, from, to);
        if (to == text.length()) {
          break;
        }
      }
      return true;
    }

    private void block(TextView view, Zone zone, int from, int to) {
      features.read(view.text(), from, to, zone);
      Tokens tokens = features.tokens;
      int count = tokens.count;
      if (sums.length <= count) {
        sums = new double[count + 1];
      }
      double sum = 0;
      for (int t = 0; t < count; t++) {
        sum += model.sum(scratch, features.of(t, scratch));
        sums[t + 1] = sum;
      }
      viewSum += sum;
      viewTokens += count;
      if (count == 0) {
        return;
      }
      for (int scale = 0; scale < NgramModel.SCALES.length; scale++) {
        int n = Windows.count(count, scale);
        windows += n;
        for (int w = 0; w < n; w++) {
          int first = Windows.from(count, scale, w);
          int end = Windows.to(count, scale, w);
          double logit = model.logit(zone, scale, sums[end] - sums[first], end - first);
          if (logit > best) {
            best = logit;
            bestView = view;
            bestFrom = tokens.from[first];
            bestTo = tokens.to[end - 1];
          }
        }
      }
    }
  }
}
