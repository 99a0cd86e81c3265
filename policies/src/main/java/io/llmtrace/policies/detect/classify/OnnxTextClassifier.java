package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Zone;
import java.util.EnumMap;
import java.util.Map;

/**
 * A text classification model in ONNX form that says one thing: how much a text looks like an
 * attack. {@link LabelClassifier} reads models that say several. Thread-safe.
 */
public final class OnnxTextClassifier implements AutoCloseable {
  /** Characters before and after a nominated spot that a window may reach; as in training. */
  static final int AROUND = 1200;

  /** Characters that are tokenised around a nominated spot at most. */
  private static final int MOST_AROUND = 3 * AROUND;

  private final TextModelSpec spec;
  private final OnnxModel model;

  private OnnxTextClassifier(TextModelSpec spec, OnnxModel model) {
    this.spec = spec;
    this.model = model;
  }

  /**
   * Loads a model and runs it once, so that the first text does not wait. Takes a second or so.
   *
   * @param model the bytes of the ONNX file
   * @param tokenizer the bytes of its {@code tokenizer.json}
   * @throws ModelException if either cannot be read or the model's outputs are not the labels
   */
  static OnnxTextClassifier load(TextModelSpec spec, byte[] model, byte[] tokenizer)
      throws ModelException {
    Map<Zone, String> prefixes = new EnumMap<>(Zone.class);
    spec.zones().forEach(z -> prefixes.put(z, spec.zonePrefixes().getOrDefault(z, "")));
    OnnxModel opened =
        OnnxModel.open(
            new OnnxModel.Setup(
                spec.id(), prefixes, spec.windowTokens(), spec.overlapTokens(), spec.threads()),
            model,
            tokenizer);
    try {
      for (Zone zone : prefixes.keySet()) {
        int outputs = opened.warmUp(zone);
        if (outputs != spec.labels().size()) {
          throw ModelException.failed(
              "model '"
                  + spec.id()
                  + "' cannot be run: it has "
                  + outputs
                  + " outputs for the labels "
                  + spec.labels());
        }
      }
      opened.fillWindow(spec.zones().iterator().next());
      return new OnnxTextClassifier(spec, opened);
    } catch (ModelException e) {
      opened.close();
      throw e;
    }
  }

  /** The model's name in receipts, for example {@code guard-minilm}. */
  public String name() {
    return spec.id();
  }

  /** Whether the model reads texts of a zone. */
  public boolean reads(Zone zone) {
    return spec.zones().contains(zone);
  }

  /**
   * Reads every view, window after window. When the budget ends first, the score is that of what
   * was read, and says so.
   *
   * @throws IllegalArgumentException for a zone that the model does not read
   * @throws IllegalStateException if the runtime fails on a window
   */
  public Score score(SegmentReading reading, InspectionBudget budget) {
    Best best = new Best(reading, spec.mostWindows());
    boolean complete = true;
    for (TextView view : reading.views()) {
      complete = complete && model.read(view, reading.segment().zone(), budget, best);
    }
    return best.score(complete);
  }

  /**
   * Reads one window only: around what another classifier found most suspicious.
   *
   * @throws IllegalArgumentException for a zone that the model does not read
   * @throws IllegalStateException if the runtime fails on the window
   */
  public Score score(SegmentReading reading, Score nominee, InspectionBudget budget) {
    Best best = new Best(reading, 1);
    if (budget.spent()) {
      return best.score(false);
    }
    Zone zone = reading.segment().zone();
    String text = nominee.view().text();
    int begin = Math.max(0, nominee.from() - AROUND);
    int end = Math.min(text.length(), Math.max(nominee.from() + 1, nominee.to()) + AROUND);
    if (end - begin > MOST_AROUND) {
      // Words of a hundred letters: the middle fills the window several times over.
      begin = (begin + end - MOST_AROUND) / 2;
      end = begin + MOST_AROUND;
    }
    WordPieces.Pieces read = model.pieces().read(text.substring(begin, Math.max(begin, end)));
    int count = read.ids.length;
    int room = model.room(zone);
    int first = 0;
    if (count > room) {
      int spotFrom = 0;
      while (spotFrom < count - 1 && read.to[spotFrom] + begin <= nominee.from()) {
        spotFrom++;
      }
      int spotTo = count - 1;
      while (spotTo > spotFrom && read.from[spotTo] + begin >= nominee.to()) {
        spotTo--;
      }
      int spot = spotTo + 1 - spotFrom;
      first = spotFrom - (room - spot) / 2;
      first = Math.max(0, Math.min(first, count - room));
    }
    int last = Math.min(count, first + room);
    if (!model.fits(last - first, budget)) {
      return best.score(false);
    }
    best.take(
        model.run(zone, read.ids, first, last),
        nominee.view(),
        count == 0 ? begin : begin + read.from[first],
        count == 0 ? begin : begin + read.to[last - 1]);
    return best.score(true);
  }

  /** Natural logarithm of the odds that the labels of attacks have beside the others. */
  private double logit(float[] row) {
    if (row.length == 1) {
      return row[0];
    }
    double attack = Double.NEGATIVE_INFINITY;
    double rest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < row.length; i++) {
      if (spec.attackLabels().contains(spec.labels().get(i))) {
        attack = addExponents(attack, row[i]);
      } else {
        rest = addExponents(rest, row[i]);
      }
    }
    return attack - rest;
  }

  /** log(exp(a) + exp(b)). */
  private static double addExponents(double a, double b) {
    double most = Math.max(a, b);
    return most == Double.NEGATIVE_INFINITY
        ? most
        : most + Math.log(Math.exp(a - most) + Math.exp(b - most));
  }

  @Override
  public void close() {
    model.close();
  }

  /** The most suspicious window so far. */
  private final class Best implements OnnxModel.Reader {
    private final int most;
    private double logit = Double.NEGATIVE_INFINITY;
    private double sum;
    private TextView view;
    private int from;
    private int to;
    private int windows;

    Best(SegmentReading reading, int most) {
      this.view = reading.views().get(0);
      this.most = most;
    }

    @Override
    public int left() {
      return most - windows;
    }

    @Override
    public void take(float[] outputs, TextView windowView, int windowFrom, int windowTo) {
      double windowLogit = OnnxTextClassifier.this.logit(outputs);
      windows++;
      sum += windowLogit;
      if (windowLogit > logit) {
        logit = windowLogit;
        view = windowView;
        from = windowFrom;
        to = windowTo;
      }
    }

    Score score(boolean complete) {
      double best = windows == 0 ? 0 : logit;
      return new Score(
          best,
          Score.logistic(best),
          windows == 0 ? 0 : sum / windows,
          view,
          from,
          to,
          windows,
          complete);
    }
  }
}
