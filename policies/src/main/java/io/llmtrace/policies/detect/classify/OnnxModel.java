package io.llmtrace.policies.detect.classify;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Zone;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A model in ONNX form with its tokenizer: windows of a text go in, a row of numbers for each comes
 * out. Thread-safe.
 *
 * <p>Windows are run one at a time, unpadded. A model whose activations are quantised as it runs
 * scales them by the largest value in the batch, so a window's score would depend on its
 * neighbours, and on padding; one at a time it depends on the window alone. On a processor a batch
 * gains little: one window of 256 tokens fills the matrix units already.
 */
final class OnnxModel implements AutoCloseable {
  private static final int LONGEST_REASON = 300;
  private static final String WARM_UP = "warm-up";

  /**
   * How a model is asked.
   *
   * @param prefixes for each zone that it reads, what it is told of it; an empty text for nothing
   * @param windowTokens tokens of a window, with prefix and special tokens
   * @param overlapTokens tokens that neighbouring windows share
   * @param threads threads of one run
   */
  record Setup(
      String id, Map<Zone, String> prefixes, int windowTokens, int overlapTokens, int threads) {
    Setup {
      prefixes = Map.copyOf(prefixes);
    }
  }

  /** Takes what the model says of each window, and says how many more it wants. */
  interface Reader {
    /** Windows that may still be read, of all views. */
    int left();

    void take(float[] outputs, TextView view, int from, int to);
  }

  private final Setup setup;
  private final Pace pace = new Pace();
  private final WordPieces pieces;
  private final OrtSession session;
  private final Set<String> inputs;

  private OnnxModel(Setup setup, WordPieces pieces, OrtSession session) {
    this.setup = setup;
    this.pieces = pieces;
    this.session = session;
    this.inputs = session.getInputNames();
  }

  /**
   * Opens a model.
   *
   * @throws ModelException if it or its tokenizer cannot be read
   */
  static OnnxModel open(Setup setup, byte[] model, byte[] tokenizer) throws ModelException {
    WordPieces pieces = WordPieces.of(setup.id(), setup.prefixes(), tokenizer);
    try {
      return new OnnxModel(setup, pieces, session(setup, model));
    } catch (OrtException e) {
      pieces.close();
      throw cannotRun(setup, e);
    }
  }

  private static ModelException cannotRun(Setup setup, OrtException e) {
    return new ModelException("model '" + setup.id() + "' cannot be run: " + said(e), e);
  }

  /** What the runtime said, on one line. */
  private static String said(OrtException e) {
    String line = String.valueOf(e.getMessage()).replaceAll("\\s+", " ").strip();
    return line.length() > LONGEST_REASON ? line.substring(0, LONGEST_REASON) + "…" : line;
  }

  private static OrtSession session(Setup setup, byte[] model) throws OrtException {
    try (SessionOptions options = new SessionOptions()) {
      options.setIntraOpNumThreads(setup.threads());
      options.setInterOpNumThreads(1);
      options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
      options.setOptimizationLevel(SessionOptions.OptLevel.ALL_OPT);
      // A waiting thread must not spin: the gateway needs the core.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      // What goes wrong is in the exception; the runtime would also print it.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      return OrtEnvironment.getEnvironment().createSession(model, options);
    }
  }

  WordPieces pieces() {
    return pieces;
  }

  /** How many tokens of a text fit into a window. */
  int room(Zone zone) {
    return pieces.room(zone, setup.windowTokens());
  }

  /**
   * Runs a short window, so that the first text does not wait.
   *
   * @return how many outputs the model has
   * @throws ModelException if it does not run, or its outputs are no row of numbers
   */
  int warmUp(Zone zone) throws ModelException {
    return warmUp(input(zone, pieces.read(WARM_UP).ids));
  }

  /**
   * The same on an input of the caller's.
   *
   * @throws ModelException if it does not run, or its outputs are no row of numbers
   */
  int warmUp(WordPieces.Input input) throws ModelException {
    try {
      return outputs(input).length;
    } catch (OrtException e) {
      throw cannotRun(setup, e);
    }
  }

  /**
   * Runs windows as long as they get, to know what one takes here.
   *
   * @throws ModelException if the model does not take so many tokens
   */
  void fillWindow(Zone zone) throws ModelException {
    long[] ids = filler(Math.max(1, room(zone)));
    fillWindow(input(zone, ids), ids.length);
  }

  /**
   * The same on an input of the caller's.
   *
   * @param tokens what it counts as in {@link #fits}
   * @throws ModelException if the model does not take so many tokens
   */
  void fillWindow(WordPieces.Input input, int tokens) throws ModelException {
    try {
      // Twice: the first run of a length is no measure.
      for (int i = 0; i < 2; i++) {
        long start = System.nanoTime();
        outputs(input);
        pace.set(tokens, System.nanoTime() - start);
      }
    } catch (OrtException e) {
      throw new ModelException(
          "model '"
              + setup.id()
              + "' does not run on a window of "
              + setup.windowTokens()
              + " tokens; expected no more than its positions hold: "
              + said(e),
          e);
    }
  }

  /**
   * Tokens of a text that means nothing.
   *
   * @throws ModelException if the tokenizer makes none of a word
   */
  long[] filler(int count) throws ModelException {
    long[] some = pieces.read(WARM_UP).ids;
    if (some.length == 0) {
      throw ModelException.failed(
          "model '" + setup.id() + "': its tokenizer.json makes no token of a word");
    }
    long[] ids = new long[count];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = some[i % some.length];
    }
    return ids;
  }

  /** The windows of one view; false if the budget or their number ended them. */
  boolean read(TextView view, Zone zone, InspectionBudget budget, Reader reader) {
    String text = view.text();
    int room = room(zone);
    int at = 0;
    int stride = 0;
    while (at < text.length()) {
      if (budget.spent() || reader.left() <= 0) {
        return false;
      }
      WordPieces.Window window =
          pieces.window(text, at, text.length(), room, setup.overlapTokens());
      if (!fits(window.ids.length, budget)) {
        return false;
      }
      reader.take(run(zone, window.ids, 0, window.ids.length), view, at, window.reached);
      if (window.reached >= text.length()) {
        return stride == 0;
      }
      if (stride == 0 && at == 0) {
        stride = evenly(text.length(), Math.max(1, window.next), reader.left());
      }
      at = Math.max(at + 1, Math.max(window.next, at + stride));
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

  /** Whether there is time for a window: a run cannot be interrupted. */
  boolean fits(int tokens, InspectionBudget budget) {
    return pace.fits(tokens, budget);
  }

  /**
   * What the model says of tokens {@code [from, to)}.
   *
   * @throws IllegalStateException if the runtime fails on them
   */
  float[] run(Zone zone, long[] ids, int from, int to) {
    long[] some = from == 0 && to == ids.length ? ids : Arrays.copyOfRange(ids, from, to);
    return run(input(zone, some), some.length);
  }

  /**
   * What the model says of an input.
   *
   * @param tokens what it counts as in {@link #fits}
   * @throws IllegalStateException if the runtime fails on it
   */
  float[] run(WordPieces.Input input, int tokens) {
    long start = System.nanoTime();
    try {
      float[] said = outputs(input);
      pace.took(tokens, System.nanoTime() - start);
      return said;
    } catch (OrtException e) {
      throw new IllegalStateException(
          "model '" + setup.id() + "' broke on a window: " + said(e), e);
    }
  }

  private WordPieces.Input input(Zone zone, long[] ids) {
    return pieces.input(zone, ids, 0, Math.min(ids.length, room(zone)));
  }

  private float[] outputs(WordPieces.Input input) throws OrtException {
    long[] ones = new long[input.ids.length];
    Arrays.fill(ones, 1);
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
        if (!(result.get(0).getValue() instanceof float[][] rows)
            || rows.length != 1
            || rows[0].length == 0) {
          throw new OrtException("its first output is not one row of numbers");
        }
        return rows[0];
      }
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  @Override
  public void close() {
    pieces.close();
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("model '" + setup.id() + "' cannot be closed", e);
    }
  }
}
