package io.llmtrace.policies.detect.classify;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Zone;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Any text classification model in ONNX form. Thread-safe.
 *
 * <p>Windows are run one at a time, unpadded. A model whose activations are quantised as it runs
 * scales them by the largest value in the batch, so a window's score would depend on its
 * neighbours, and on padding; one at a time it depends on the window alone. On a processor a batch
 * gains little: one window of 256 tokens fills the matrix units already.
 */
public final class OnnxTextClassifier implements TextClassifier, AutoCloseable {
  /** Characters that are tokenised to fill a window, for each token of it. */
  private static final int CHARACTERS_PER_TOKEN = 8;

  /** Characters before and after a nominated spot that a window may reach; as in training. */
  static final int AROUND = 1200;

  /** Characters that are tokenised around a nominated spot at most. */
  private static final int MOST_AROUND = 3 * AROUND;

  private final TextModelSpec spec;
  private final Pace pace = new Pace();
  private final WordPieces pieces;
  private final OrtSession session;
  private final String version;
  private final Set<String> inputs;

  private OnnxTextClassifier(
      TextModelSpec spec, WordPieces pieces, OrtSession session, String version) {
    this.spec = spec;
    this.pieces = pieces;
    this.session = session;
    this.version = version;
    this.inputs = session.getInputNames();
  }

  /**
   * Loads a model and runs it once, so that the first text does not wait. Takes a second or so.
   *
   * @param model the bytes of the ONNX file
   * @param tokenizer the bytes of its {@code tokenizer.json}
   * @throws ModelException if either cannot be read or the model's outputs are not the labels
   */
  public static OnnxTextClassifier load(TextModelSpec spec, byte[] model, byte[] tokenizer)
      throws ModelException {
    WordPieces pieces = WordPieces.of(spec, tokenizer);
    OnnxTextClassifier made = null;
    try {
      made =
          new OnnxTextClassifier(
              spec, pieces, session(spec, model), Checksum.hex(Checksum.sha256(model), 0, 4));
      for (Zone zone : spec.zones()) {
        made.logit(zone, pieces.read("warm-up").ids);
      }
      made.measure();
      return made;
    } catch (OrtException e) {
      if (made == null) {
        pieces.close();
      } else {
        made.close();
      }
      throw new ModelException("model '" + spec.id() + "' cannot be run: " + e.getMessage(), e);
    }
  }

  private static OrtSession session(TextModelSpec spec, byte[] model) throws OrtException {
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(spec.threads());
      options.setInterOpNumThreads(1);
      options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
      options.setOptimizationLevel(SessionOptions.OptLevel.ALL_OPT);
      // A waiting thread must not spin: the gateway needs the core.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      return OrtEnvironment.getEnvironment().createSession(model, options);
    }
  }

  @Override
  public String name() {
    return spec.id();
  }

  @Override
  public String version() {
    return version;
  }

  /** Whether the model reads texts of a zone. */
  public boolean reads(Zone zone) {
    return spec.zones().contains(zone);
  }

  /**
   * Reads every view, window after window.
   *
   * @throws IllegalArgumentException for a zone that the model does not read
   * @throws IllegalStateException if the runtime fails on a window
   */
  @Override
  public Score score(SegmentReading reading, InspectionBudget budget) {
    Best best = new Best(reading, spec.mostWindows());
    boolean complete = true;
    for (TextView view : reading.views()) {
      complete = complete && whole(view, reading.segment().zone(), budget, best);
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
    WordPieces.Pieces read = pieces.read(text.substring(begin, Math.max(begin, end)));
    int count = read.ids.length;
    int room = pieces.room(zone, spec.windowTokens());
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
    if (!pace.fits(last - first, budget)) {
      return best.score(false);
    }
    best.take(
        run(zone, read.ids, first, last),
        nominee.view(),
        count == 0 ? begin : begin + read.from[first],
        count == 0 ? begin : begin + read.to[last - 1]);
    return best.score(true);
  }

  /** The windows of one view; false if the budget or their number ended them. */
  private boolean whole(TextView view, Zone zone, InspectionBudget budget, Best best) {
    String text = view.text();
    int room = pieces.room(zone, spec.windowTokens());
    int at = 0;
    int stride = 0;
    while (at < text.length()) {
      if (budget.spent() || best.full()) {
        return false;
      }
      int end = Math.min(text.length(), at + room * CHARACTERS_PER_TOKEN);
      WordPieces.Pieces read = pieces.read(text.substring(at, end));
      int count = Math.min(room, read.ids.length);
      int reached = count == 0 || count == read.ids.length ? end : at + read.to[count - 1];
      if (!pace.fits(count, budget)) {
        return false;
      }
      best.take(run(zone, read.ids, 0, count), view, at, reached);
      if (reached >= text.length()) {
        return stride == 0;
      }
      int next =
          count <= spec.overlapTokens() ? reached : at + read.from[count - spec.overlapTokens()];
      if (stride == 0 && at == 0) {
        stride = evenly(text.length(), Math.max(1, next), best.left());
      }
      at = Math.max(at + 1, Math.max(next, at + stride));
    }
    return stride == 0;
  }

  /**
   * Characters from one window to the next for {@code windows} windows to reach the end of a text;
   * none if windows of {@code step} characters reach it anyway.
   */
  private static int evenly(int length, int step, int windows) {
    int needed = (length + step - 1) / step;
    return needed - 1 <= windows ? 0 : (length - step) / Math.max(1, windows);
  }

  /** Runs whole windows, to know what one takes here. */
  private void measure() throws OrtException {
    Zone zone = spec.zones().iterator().next();
    long[] ids = new long[pieces.room(zone, spec.windowTokens())];
    java.util.Arrays.fill(ids, pieces.read("a").ids[0]);
    for (int i = 0; i < 2; i++) {
      long start = System.nanoTime();
      logit(zone, ids);
      pace.set(ids.length, System.nanoTime() - start);
    }
  }

  private double run(Zone zone, long[] ids, int from, int to) {
    long start = System.nanoTime();
    try {
      double logit = logit(zone, from == 0 && to == ids.length ? ids : slice(ids, from, to));
      pace.took(to - from, System.nanoTime() - start);
      return logit;
    } catch (OrtException e) {
      throw new IllegalStateException(
          "model '" + spec.id() + "' broke on a window: " + e.getMessage(), e);
    }
  }

  private static long[] slice(long[] ids, int from, int to) {
    long[] slice = new long[to - from];
    System.arraycopy(ids, from, slice, 0, slice.length);
    return slice;
  }

  private double logit(Zone zone, long[] ids) throws OrtException {
    WordPieces.Input input =
        pieces.input(zone, ids, 0, Math.min(ids.length, pieces.room(zone, spec.windowTokens())));
    long[] ones = new long[input.ids.length];
    java.util.Arrays.fill(ones, 1);
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
    try {
      for (String name : inputs) {
        long[] values =
            switch (name) {
              case "input_ids" -> input.ids;
              case "attention_mask" -> ones;
              case "token_type_ids" -> input.types;
              default ->
                  throw new OrtException(
                      "it asks for '"
                          + name
                          + "'; expected input_ids, attention_mask, token_type_ids");
            };
        tensors.put(name, OnnxTensor.createTensor(environment, new long[][] {values}));
      }
      try (OrtSession.Result result = session.run(tensors)) {
        return logit(result.get(0).getValue());
      }
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  private double logit(Object output) throws OrtException {
    if (!(output instanceof float[][] rows) || rows.length != 1 || rows[0].length == 0) {
      throw new OrtException("its first output is not one row of numbers");
    }
    float[] row = rows[0];
    if (row.length != spec.labels().size()) {
      throw new OrtException("it has " + row.length + " outputs for the labels " + spec.labels());
    }
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
    pieces.close();
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("model '" + spec.id() + "' cannot be closed", e);
    }
  }

  /** The most suspicious window so far. */
  private static final class Best {
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

    boolean full() {
      return windows >= most;
    }

    int left() {
      return most - windows;
    }

    void take(double windowLogit, TextView windowView, int windowFrom, int windowTo) {
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
