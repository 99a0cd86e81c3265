package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Activation;
import io.llmtrace.policies.detect.classify.LabelModelSpec.Label;
import java.util.ArrayList;
import java.util.List;

/** What the outputs of a model mean, once it is known which it has. Immutable. */
final class LabelOutputs {
  /** A label that is a finding, and the number of its output. */
  record Output(int number, String name, Label label, FindingType type) {}

  private final String id;
  private final List<Output> found;
  private final boolean softmax;

  private LabelOutputs(String id, List<Output> found, boolean softmax) {
    this.id = id;
    this.found = List.copyOf(found);
    this.softmax = softmax;
  }

  /**
   * The outputs of a model that has {@code count} of them.
   *
   * @throws ModelException if a label is not among them, or softmax of one is asked for
   */
  static LabelOutputs of(LabelModelSpec spec, ModelCard card, int count) throws ModelException {
    List<Output> outputs = outputs(spec, card, count);
    boolean softmax =
        spec.activation() == Activation.AUTO
            ? count > 1 && !card.multiLabel()
            : spec.activation() == Activation.SOFTMAX;
    if (softmax && count == 1) {
      throw wrong(spec, "has one output, whose softmax is always 1; expected activation sigmoid");
    }
    return new LabelOutputs(spec.id(), outputs, softmax);
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

  /** The labels that are findings, in the order of the configuration. */
  List<Output> found() {
    return found;
  }

  boolean softmax() {
    return softmax;
  }

  /**
   * The probability of each label of {@link #found()}.
   *
   * @throws IllegalStateException if the model says no number
   */
  double[] probabilities(float[] row) {
    double all = softmax ? sumOfExponents(row) : 0;
    double[] probabilities = new double[found.size()];
    for (int i = 0; i < probabilities.length; i++) {
      double logit = row[found.get(i).number()];
      probabilities[i] = softmax ? Math.exp(logit - all) : Score.logistic(logit);
      if (Double.isNaN(probabilities[i])) {
        throw new IllegalStateException("model '" + id + "' says no number of a window");
      }
    }
    return probabilities;
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
