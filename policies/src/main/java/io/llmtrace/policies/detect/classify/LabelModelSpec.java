package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How to ask a classifier or cross-encoder that somebody brought, and what its labels mean.
 *
 * @param id its name in findings, receipts and {@code /health}
 * @param labels what its outputs mean; an output that is not named gives no findings
 * @param activation how its outputs become probabilities
 * @param zones the zones it reads
 * @param maxTokens tokens of a window, with special tokens; at most what the model's positions hold
 * @param mostWindows windows of one text; a longer text is sampled evenly and counts as read in
 *     part. Of a cross-encoder, pairs of one answer
 * @param threads threads of one run; results are the same for any number
 * @param contextBytes of a cross-encoder, memory that the sources of a question may take until its
 *     answer has come; 0 for a classifier, which reads a text alone
 */
public record LabelModelSpec(
    String id,
    List<Label> labels,
    Activation activation,
    Set<Zone> zones,
    int maxTokens,
    int mostWindows,
    int threads,
    int contextBytes) {

  /** Tokens of a window, at least: less holds no phrase beside the special tokens. */
  public static final int FEWEST_TOKENS = 16;

  /** Threads of one run, at most: beside a gateway more would take its cores. */
  public static final int MOST_THREADS = 8;

  /** Bytes of sources of a question, at most: they are kept for every question that is open. */
  public static final int MOST_CONTEXT_BYTES = 64 << 10;

  /** How outputs become probabilities. */
  public enum Activation {
    /**
     * Sigmoid for a model of one output and where its {@code config.json} says that several labels
     * may hold at once, else softmax.
     */
    AUTO,
    /** The outputs share a probability of 1. */
    SOFTMAX,
    /** Each output has its own. */
    SIGMOID
  }

  /**
   * What one output means.
   *
   * @param output its name in the model's {@code config.json}, or its number, counted from 0
   * @param type what it finds; empty for what is harmless
   * @param threshold probability from which it is a finding
   * @param severity of the finding
   */
  public record Label(
      String output, Optional<FindingType> type, double threshold, Severity severity) {}

  /** A classifier, which reads a text alone. */
  public LabelModelSpec(
      String id,
      List<Label> labels,
      Activation activation,
      Set<Zone> zones,
      int maxTokens,
      int mostWindows,
      int threads) {
    this(id, labels, activation, zones, maxTokens, mostWindows, threads, 0);
  }

  /**
   * @throws IllegalArgumentException if no label finds anything, or a size is out of its bounds
   */
  public LabelModelSpec {
    labels = List.copyOf(labels);
    zones = Set.copyOf(zones);
    if (labels.stream().allMatch(label -> label.type().isEmpty())) {
      throw new IllegalArgumentException("model '" + id + "': none of its labels is a finding");
    }
    if (zones.isEmpty() || maxTokens < FEWEST_TOKENS || mostWindows < 1) {
      throw new IllegalArgumentException(
          "model '" + id + "': no zone, windows of fewer than 16 tokens, or none of them");
    }
    if (threads < 1 || threads > MOST_THREADS) {
      throw new IllegalArgumentException("model '" + id + "': threads must be 1 to 8");
    }
    if (contextBytes < 0 || contextBytes > MOST_CONTEXT_BYTES) {
      throw new IllegalArgumentException(
          "model '" + id + "': context must be at most " + MOST_CONTEXT_BYTES + " bytes");
    }
    if (contextBytes > 0 && !zones.equals(Set.of(Zone.ASSISTANT))) {
      throw new IllegalArgumentException(
          "model '" + id + "': a cross-encoder reads the zone assistant and no other");
    }
  }

  /** Whether it is asked with a pair: sources of a question, and what the answer says. */
  public boolean isCrossEncoder() {
    return contextBytes > 0;
  }

  OnnxModel.Setup setup() {
    Map<Zone, String> prefixes = new EnumMap<>(Zone.class);
    if (!isCrossEncoder()) {
      zones.forEach(zone -> prefixes.put(zone, ""));
    }
    return new OnnxModel.Setup(id, prefixes, maxTokens, maxTokens / 4, threads);
  }
}
