package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Sources;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.classify.LabelOutputs.Output;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A cross-encoder that somebody brought, asked whether an answer is grounded in the documents and
 * results of tools of its question. Thread-safe.
 *
 * <p>It reads pairs: a window of the sources, then a sentence of the answer. A sentence is as well
 * grounded as the window says that supports it best; the worst sentence is the finding. Windows
 * that share most words with the sentence come first, and the first that supports it ends the
 * search, so that a grounded answer costs about a run a sentence. A sentence that was not held
 * against every window is not judged.
 */
final class CrossEncoder implements LabelModel {
  /** Shorter ones say little by themselves ("Yes, of course."): they go with what follows. */
  private static final int SHORTEST_SENTENCE = 24;

  private final LabelModelSpec spec;
  private final OnnxModel model;
  private final WordPieces.Pairs pairs;
  private final LabelOutputs outputs;
  private final double leastThreshold;
  private final int contextRoom;
  private final int answerRoom;

  private CrossEncoder(
      LabelModelSpec spec, OnnxModel model, WordPieces.Pairs pairs, LabelOutputs outputs) {
    this.spec = spec;
    this.model = model;
    this.pairs = pairs;
    this.outputs = outputs;
    this.leastThreshold =
        outputs.found().stream().mapToDouble(o -> o.label().threshold()).min().orElseThrow();
    int room = spec.maxTokens() - pairs.special();
    this.contextRoom = room / 2;
    this.answerRoom = room - contextRoom;
  }

  /**
   * Loads a model and runs it on the shortest and the longest pair.
   *
   * @param model the bytes of the ONNX file
   * @param tokenizer the bytes of its {@code tokenizer.json}
   * @param config the bytes of its {@code config.json}, which names the outputs; null if there is
   *     none
   * @throws ModelException if one cannot be read, a label is not among the outputs, or the model
   *     does not run
   */
  static CrossEncoder load(
      LabelModelSpec spec, byte[] model, byte[] tokenizer, byte @Nullable [] config)
      throws ModelException {
    ModelCard card = ModelCard.read(spec.id(), config);
    OnnxModel opened = OnnxModel.open(spec.setup(), model, tokenizer);
    try {
      WordPieces.Pairs pairs = opened.pieces().pairs(spec.id());
      long[] word = opened.filler(1);
      LabelOutputs outputs = LabelOutputs.of(spec, card, opened.warmUp(pairs.input(word, word)));
      CrossEncoder made = new CrossEncoder(spec, opened, pairs, outputs);
      if (made.contextRoom < 1) {
        throw ModelException.failed(
            "model '" + spec.id() + "': " + spec.maxTokens() + " tokens have no room for a pair");
      }
      opened.fillWindow(
          pairs.input(opened.filler(made.contextRoom), opened.filler(made.answerRoom)),
          made.contextRoom + made.answerRoom);
      return made;
    } catch (ModelException e) {
      opened.close();
      throw e;
    }
  }

  @Override
  public boolean read(
      SegmentReading reading, Sources sources, InspectionBudget budget, Consumer<Finding> sink) {
    if (reading.segment().zone() != Zone.ASSISTANT || sources.isEmpty()) {
      return true;
    }
    Sources read = sources.within(spec.contextBytes());
    Search search = new Search(reading.views().get(0), budget);
    boolean complete = search.all(read);
    Ungrounded worst = search.worst;
    if (worst != null) {
      sink.accept(finding(reading, worst));
    }
    return complete && read.complete();
  }

  private Finding finding(SegmentReading reading, Ungrounded worst) {
    TextView view = reading.views().get(0);
    return reading.finding(
        worst.doubt().output().type(),
        worst.doubt().output().label().severity(),
        worst.doubt().probability(),
        view,
        worst.from(),
        worst.to(),
        spec.id(),
        worst.doubt().output().name(),
        Evidence.phrase(view.text().substring(worst.from(), worst.to())));
  }

  /**
   * What a pair comes to.
   *
   * @param probability that one of the labels holds that are findings
   * @param output the most probable of them
   */
  private record Doubt(double probability, Output output) {}

  private Doubt doubt(float[] row) {
    double[] probabilities = outputs.probabilities(row);
    int most = 0;
    double sum = 0;
    for (int i = 0; i < probabilities.length; i++) {
      sum += probabilities[i];
      most = probabilities[i] > probabilities[most] ? i : most;
    }
    // "Neutral" and "contradiction" share a probability, both of them say that there is no support.
    return new Doubt(
        outputs.softmax() ? Math.min(1, sum) : probabilities[most], outputs.found().get(most));
  }

  @Override
  public void close() {
    model.close();
  }

  /** A sentence that no window of the sources supports. */
  private record Ungrounded(Doubt doubt, int from, int to) {}

  /** A window of the sources and what it shares with a sentence. */
  private record Passage(WordPieces.Window window, int shared) {}

  /** One answer. */
  private final class Search {
    private final String answer;
    private final InspectionBudget budget;
    private final List<WordPieces.Window> passages = new ArrayList<>();
    private int runs;
    private @Nullable Ungrounded worst;

    Search(TextView view, InspectionBudget budget) {
      this.answer = view.text();
      this.budget = budget;
    }

    /** Whether every sentence was judged. */
    boolean all(Sources sources) {
      return passages(String.join("\n", sources.texts())) && sentences();
    }

    private boolean passages(String text) {
      int at = 0;
      while (at < text.length()) {
        if (budget.spent()) {
          return false;
        }
        WordPieces.Window window =
            model.pieces().window(text, at, text.length(), contextRoom, contextRoom / 4);
        if (window.ids.length > 0) {
          passages.add(window);
        }
        at = window.reached >= text.length() ? text.length() : Math.max(at + 1, window.next);
      }
      return true;
    }

    private boolean sentences() {
      int at = Sentences.begin(answer, 0);
      while (at < answer.length()) {
        if (budget.spent()) {
          return false;
        }
        int longest = Math.min(answer.length(), at + answerRoom * WordPieces.CHARACTERS_PER_TOKEN);
        int end = Sentences.end(answer, at, longest, SHORTEST_SENTENCE);
        WordPieces.Window window = model.pieces().window(answer, at, end, answerRoom, 0);
        int reached = Math.max(at + 1, window.reached);
        if (Sentences.says(answer, at, reached) && !judged(window.ids, at, reached)) {
          return false;
        }
        at = Sentences.begin(answer, reached);
      }
      return true;
    }

    /**
     * Holds a sentence against the passages until one supports it; whether that came to its end.
     */
    private boolean judged(long[] sentence, int from, int to) {
      Doubt least = null;
      for (Passage passage : mostAlikeFirst(sentence)) {
        long[] source = passage.window().ids;
        int tokens = source.length + sentence.length;
        if (runs >= spec.mostWindows() || budget.spent() || !model.fits(tokens, budget)) {
          return false;
        }
        runs++;
        Doubt doubt = doubt(model.run(pairs.input(source, sentence), tokens));
        if (least == null || doubt.probability() < least.probability()) {
          least = doubt;
        }
        if (least.probability() < leastThreshold) {
          return true;
        }
      }
      Ungrounded before = worst;
      if (least != null
          && least.probability() >= least.output().label().threshold()
          && (before == null || least.probability() > before.doubt().probability())) {
        worst = new Ungrounded(least, from, Sentences.trimmed(answer, from, to));
      }
      return true;
    }

    private List<Passage> mostAlikeFirst(long[] sentence) {
      Set<Long> words = new HashSet<>();
      for (long id : sentence) {
        words.add(id);
      }
      List<Passage> alike = new ArrayList<>(passages.size());
      for (WordPieces.Window window : passages) {
        Set<Long> shared = new HashSet<>();
        for (long id : window.ids) {
          if (words.contains(id)) {
            shared.add(id);
          }
        }
        alike.add(new Passage(window, shared.size()));
      }
      alike.sort(Comparator.comparingInt((Passage passage) -> -passage.shared()));
      return alike;
    }
  }
}
