package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Sources;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.classify.LabelOutputs.Output;
import io.llmtrace.policies.exchange.Zone;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A text classifier that somebody brought: any Hugging Face export to ONNX. Each label that means
 * something gives a finding of its own where its probability reaches its threshold in some window;
 * the confidence is that probability, as the model says it. Thread-safe.
 */
final class LabelClassifier implements LabelModel {
  private final LabelModelSpec spec;
  private final OnnxModel model;
  private final LabelOutputs outputs;

  private LabelClassifier(LabelModelSpec spec, OnnxModel model, LabelOutputs outputs) {
    this.spec = spec;
    this.model = model;
    this.outputs = outputs;
  }

  /**
   * Loads a model and runs it on the shortest and the longest window.
   *
   * @param model the bytes of the ONNX file
   * @param tokenizer the bytes of its {@code tokenizer.json}
   * @param config the bytes of its {@code config.json}, which names the outputs; null if there is
   *     none
   * @throws ModelException if one cannot be read, a label is not among the outputs, or the model
   *     does not run
   */
  static LabelClassifier load(
      LabelModelSpec spec, byte[] model, byte[] tokenizer, byte @Nullable [] config)
      throws ModelException {
    ModelCard card = ModelCard.read(spec.id(), config);
    OnnxModel opened = OnnxModel.open(spec.setup(), model, tokenizer);
    try {
      Zone zone = spec.zones().iterator().next();
      int count = opened.warmUp(zone);
      LabelOutputs outputs = LabelOutputs.of(spec, card, count);
      opened.fillWindow(zone);
      return new LabelClassifier(spec, opened, outputs);
    } catch (ModelException e) {
      opened.close();
      throw e;
    }
  }

  @Override
  public boolean read(
      SegmentReading reading, Sources sources, InspectionBudget budget, Consumer<Finding> sink) {
    Zone zone = reading.segment().zone();
    if (!spec.zones().contains(zone)) {
      return true;
    }
    Highest highest = new Highest();
    boolean complete = true;
    for (TextView view : reading.views()) {
      complete = complete && model.read(view, zone, budget, highest);
    }
    for (int i = 0; i < highest.places.length; i++) {
      Place place = highest.places[i];
      Output output = outputs.found().get(i);
      if (place != null && place.probability() >= output.label().threshold()) {
        sink.accept(finding(reading, output, place));
      }
    }
    return complete;
  }

  private Finding finding(SegmentReading reading, Output output, Place place) {
    return reading.finding(
        output.type(),
        output.label().severity(),
        place.probability(),
        place.view(),
        place.from(),
        place.to(),
        spec.id(),
        output.name(),
        Evidence.phrase(place.view().text().substring(place.from(), place.to())));
  }

  @Override
  public void close() {
    model.close();
  }

  /** Where a label is most probable. */
  private record Place(double probability, TextView view, int from, int to) {}

  /** The most probable window of each label; the first where several are. */
  private final class Highest implements OnnxModel.Reader {
    private final @Nullable Place[] places = new Place[outputs.found().size()];
    private int windows;

    @Override
    public int left() {
      return spec.mostWindows() - windows;
    }

    @Override
    public void take(float[] row, TextView view, int from, int to) {
      windows++;
      double[] probabilities = outputs.probabilities(row);
      for (int i = 0; i < places.length; i++) {
        double probability = probabilities[i];
        Place before = places[i];
        if (to > from && (before == null || probability > before.probability())) {
          places[i] = new Place(probability, view, from, to);
        }
      }
    }
  }
}
