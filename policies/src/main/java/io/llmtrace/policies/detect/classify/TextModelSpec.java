package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How to ask a text classification model that was exported to ONNX.
 *
 * @param id its name in receipts and in {@code /health}
 * @param labels what its outputs mean, in their order; a model of one output is read by the
 *     logistic function, one of several by softmax
 * @param attackLabels the labels that mean an attack
 * @param zones the zones it reads
 * @param zonePrefixes what the model is told of a zone, as the first of two sequences; empty for a
 *     model that reads the text alone
 * @param windowTokens tokens of a window, with prefix and special tokens; at most what the model's
 *     positions hold
 * @param overlapTokens tokens that neighbouring windows share
 * @param mostWindows windows of one text; a longer text is sampled evenly, and the score says that
 *     it is not complete
 * @param threads threads of one run; results are the same for any number
 */
record TextModelSpec(
    String id,
    List<String> labels,
    Set<String> attackLabels,
    Set<Zone> zones,
    Map<Zone, String> zonePrefixes,
    int windowTokens,
    int overlapTokens,
    int mostWindows,
    int threads) {

  /**
   * @throws IllegalArgumentException if no label means an attack, or a size is out of its bounds
   */
  TextModelSpec {
    labels = List.copyOf(labels);
    attackLabels = Set.copyOf(attackLabels);
    zones = Set.copyOf(zones);
    zonePrefixes = Map.copyOf(zonePrefixes);
    if (attackLabels.isEmpty() || !labels.containsAll(attackLabels)) {
      throw new IllegalArgumentException(
          "model '" + id + "': attack labels " + attackLabels + " are not among " + labels);
    }
    if (windowTokens < 16 || overlapTokens < 0 || overlapTokens * 2 > windowTokens) {
      throw new IllegalArgumentException(
          "model '"
              + id
              + "': windows of "
              + windowTokens
              + " tokens that share "
              + overlapTokens
              + "; expected at least 16, and at most half of it shared");
    }
    if (mostWindows < 1 || threads < 1) {
      throw new IllegalArgumentException(
          "model '" + id + "': windows and threads must be at least 1");
    }
  }
}
