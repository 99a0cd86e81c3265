package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Activation;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Label;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A text classifier that somebody brought: any Hugging Face export to ONNX. Each label that means
 * something gives a finding of its own where its probability reaches its threshold in some window;
 * the confidence is that probability, as the model says it. Thread-safe.
 */
public final class LabelClassifier implements Detector, AutoCloseable {
  /** A label and the number of its output. */
  private record Output(int number, String name, Label label, FindingType type) {}

  private final LabelModelSpec spec;
  private final OnnxModel model;
  private final List<Output> outputs;
  private final boolean softmax;

  private LabelClassifier(
      LabelModelSpec spec, OnnxModel model, List<Output> outputs, boolean softmax) {
    this.spec = spec;
    this.model = model;
    this.outputs = List.copyOf(outputs);
    this.softmax = softmax;
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
  public static LabelClassifier load(
      LabelModelSpec spec, byte[] model, byte[] tokenizer, byte @Nullable [] config)
      throws ModelException {
    ModelCard card = config == null ? ModelCard.NONE : ModelCard.read(spec.id(), config);
    OnnxModel opened = OnnxModel.open(spec.setup(), model, tokenizer);
    try {
      Zone zone = spec.zones().iterator().next();
      int count = opened.warmUp(zone);
      List<Output> outputs = outputs(spec, card, count);
      opened.fillWindow(zone);
      boolean softmax =
          spec.activation() == Activation.AUTO
              ? count > 1 && !card.multiLabel()
              : spec.activation() == Activation.SOFTMAX;
      if (softmax && count == 1) {
        throw wrong(spec, "has one output, whose softmax is always 1; expected activation sigmoid");
      }
      return new LabelClassifier(spec, opened, outputs, softmax);
    } catch (ModelException e) {
      opened.close();
      throw e;
    }
  }

  private static List<Output> outputs(LabelModelSpec spec, ModelCard card, int count)
      throws ModelException {
    if (!card.names().isEmpty() && card.names().size() != count) {
      throw wrong(
          spec, "has " + count + " outputs, but its config.json names " + card.names().size());
    }
    List<Output> outputs = new ArrayList<>();
    for (Label label : spec.labels()) {
      int number = card.names().indexOf(label.output());
      if (number < 0) {
        number = number(label.output());
      }
      if (number < 0 || number >= count) {
        throw wrong(
            spec,
            "has no output '"
                + label.output()
                + "'; expected "
                + (card.names().isEmpty() ? "" : "one of " + card.names() + " or ")
                + "a number from 0 to "
                + (count - 1)
                + (card.names().isEmpty() ? ", since no config.json names them" : ""));
      }
      String name = card.names().isEmpty() ? label.output() : card.names().get(number);
      int output = number;
      label.type().ifPresent(type -> outputs.add(new Output(output, name, label, type)));
    }
    return outputs;
  }

  private static int number(String text) {
    return text.matches("[0-9]{1,4}") ? Integer.parseInt(text) : -1;
  }

  private static ModelException wrong(LabelModelSpec spec, String what) {
    return ModelException.failed("model '" + spec.id() + "' " + what);
  }

  @Override
  public String name() {
    return spec.id();
  }

  /** Whether the model reads texts of a zone. */
  public boolean reads(Zone zone) {
    return spec.zones().contains(zone);
  }

  /**
   * Reads every view, window after window.
   *
   * @throws IllegalStateException if the runtime fails on a window
   */
  @Override
  public void detect(SegmentReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    boolean unused = read(reading, budget, sink);
  }

  /**
   * The same, and says whether every window was read.
   *
   * @throws IllegalStateException if the runtime fails on a window
   */
  public boolean read(SegmentReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    Zone zone = reading.segment().zone();
    if (!reads(zone)) {
      return true;
    }
    Highest highest = new Highest();
    boolean complete = true;
    for (TextView view : reading.views()) {
      complete = complete && model.read(view, zone, budget, highest);
    }
    for (int i = 0; i < outputs.size(); i++) {
      Place place = highest.places[i];
      if (place != null && place.probability() >= outputs.get(i).label().threshold()) {
        sink.accept(finding(reading, outputs.get(i), place));
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
    private final @Nullable Place[] places = new Place[outputs.size()];
    private int windows;

    @Override
    public int left() {
      return spec.mostWindows() - windows;
    }

    @Override
    public void take(float[] row, TextView view, int from, int to) {
      windows++;
      double all = softmax ? sumOfExponents(row) : 0;
      for (int i = 0; i < places.length; i++) {
        double logit = row[outputs.get(i).number()];
        double probability = softmax ? Math.exp(logit - all) : Score.logistic(logit);
        if (Double.isNaN(probability)) {
          throw new IllegalStateException("model '" + spec.id() + "' says no number of a window");
        }
        Place before = places[i];
        if (to > from && (before == null || probability > before.probability())) {
          places[i] = new Place(probability, view, from, to);
        }
      }
    }
  }

  /** The logarithm of the sum of exp(x), which does not overflow. */
  private static double sumOfExponents(float[] row) {
    double most = Double.NEGATIVE_INFINITY;
    for (float each : row) {
      most = Math.max(most, each);
    }
    double sum = 0;
    for (float each : row) {
      sum += Math.exp(each - most);
    }
    return most + Math.log(sum);
  }
}
