package io.llmtrace.policies.detect.classify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.exchange.Zone;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Brings what all stages say of a text to one confidence that it is an attack: a logistic model of
 * a few named features, so that every part of a verdict can be shown. Immutable.
 *
 * <p>It has two steps, because the neural stage is asked only where the others leave doubt: the
 * first combines rules and n-grams, the second that and the neural score. Fitted on scores that the
 * stages gave to sources they were not trained on; {@code policies/training/} says how.
 */
public final class CombinationModel {
  /** How much a user wants to hear of. */
  public enum Profile {
    /** Few false alarms; misses what is unclear. */
    RELAXED,
    /** What ships. */
    BALANCED,
    /** Few misses, more false alarms. */
    STRICT;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** The name in configuration, for example {@code balanced}. */
    public String label() {
      return label;
    }
  }

  /**
   * What the stages said of one text.
   *
   * @param rules findings of the signatures, of any type
   * @param neural empty if that stage was not asked, or could not answer
   */
  public record Stages(
      SegmentReading reading, Score ngram, List<Finding> rules, Optional<Score> neural) {
    public Stages {
      rules = List.copyOf(rules);
    }
  }

  /**
   * One feature's part in a verdict.
   *
   * @param value of the feature
   * @param logit what it adds to the logit
   */
  public record Contribution(String feature, double value, double logit) {}

  /**
   * A verdict.
   *
   * @param confidence between 0 and 1, calibrated: of texts with 0.9, nine in ten are attacks in
   *     traffic mixed like the data it was fitted on
   * @param contributions every feature's part; they add up to the logit of the confidence
   */
  public record Verdict(double confidence, List<Contribution> contributions) {
    public Verdict {
      contributions = List.copyOf(contributions);
    }
  }

  private static final String RESOURCE = "/models/combination.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Features of the first step, in the order of {@link #features}. */
  static final List<String> FEATURES =
      List.of(
          "ngram_window",
          "ngram_window_high",
          "ngram_mean",
          "windows",
          "undone",
          "zone_system",
          "rule_strongest",
          "rule_more",
          "rule_other",
          "rule_and_ngram");

  /**
   * Features that speak for an attack or say nothing: more of them never lowers a confidence. The
   * number of windows counts backwards: the most suspicious of many is less suspicious. That
   * attacks in the training data are longer than its benign texts says nothing of traffic.
   */
  static final Set<String> NEVER_NEGATIVE =
      Set.of(
          "windows",
          "ngram_window",
          "ngram_window_high",
          "rule_strongest",
          "rule_more",
          "rule_other",
          "rule_and_ngram");

  /** Features of the second step, in the order of {@link #neuralFeatures}. */
  static final List<String> NEURAL_FEATURES =
      List.of("first_step", "neural_window", "neural_outside");

  private final double[] weights;
  private final double bias;
  private final double[] neuralWeights;
  private final double neuralBias;
  private final double doubtFrom;
  private final double doubtTo;
  private final Map<Profile, Double> thresholds;

  CombinationModel(
      double bias,
      double[] weights,
      double neuralBias,
      double[] neuralWeights,
      double doubtFrom,
      double doubtTo,
      Map<Profile, Double> thresholds) {
    this.bias = bias;
    this.weights = weights.clone();
    this.neuralBias = neuralBias;
    this.neuralWeights = neuralWeights.clone();
    this.doubtFrom = doubtFrom;
    this.doubtTo = doubtTo;
    this.thresholds = new EnumMap<>(Profile.class);
    this.thresholds.putAll(thresholds);
  }

  /**
   * The model that the product ships.
   *
   * @throws IllegalArgumentException if the one in the jar is damaged
   */
  public static CombinationModel builtIn() {
    try (InputStream in = CombinationModel.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalArgumentException("no " + RESOURCE + " in the jar");
      }
      return read(in.readAllBytes());
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot read " + RESOURCE + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads a model.
   *
   * @throws IllegalArgumentException if a feature, a weight or a threshold is missing or unknown
   */
  public static CombinationModel read(byte[] json) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (IOException e) {
      throw new IllegalArgumentException("combination model: no JSON: " + e.getMessage(), e);
    }
    Map<Profile, Double> thresholds = new EnumMap<>(Profile.class);
    for (Profile profile : Profile.values()) {
      thresholds.put(profile, number(root.path("thresholds"), profile.label()));
    }
    return new CombinationModel(
        number(root.path("first"), "bias"),
        weights(root.path("first").path("weights"), FEATURES),
        number(root.path("second"), "bias"),
        weights(root.path("second").path("weights"), NEURAL_FEATURES),
        number(root.path("doubt"), "from"),
        number(root.path("doubt"), "to"),
        thresholds);
  }

  private static double[] weights(JsonNode node, List<String> names) {
    if (node.size() != names.size()) {
      throw new IllegalArgumentException(
          "combination model: " + node.size() + " weights, expected those of " + names);
    }
    double[] weights = new double[names.size()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = number(node, names.get(i));
    }
    return weights;
  }

  private static double number(JsonNode node, String name) {
    if (!node.path(name).isNumber()) {
      throw new IllegalArgumentException("combination model: no number '" + name + "'");
    }
    return node.path(name).asDouble();
  }

  /** The model as {@link #read} reads it. */
  Map<String, Object> written() {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("first", step(bias, weights, FEATURES));
    root.put("second", step(neuralBias, neuralWeights, NEURAL_FEATURES));
    root.put("doubt", Map.of("from", doubtFrom, "to", doubtTo));
    Map<String, Double> named = new LinkedHashMap<>();
    thresholds.forEach((profile, threshold) -> named.put(profile.label(), threshold));
    root.put("thresholds", named);
    return root;
  }

  private static Map<String, Object> step(double bias, double[] weights, List<String> names) {
    Map<String, Double> named = new LinkedHashMap<>();
    for (int i = 0; i < weights.length; i++) {
      named.put(names.get(i), weights[i]);
    }
    Map<String, Object> step = new LinkedHashMap<>();
    step.put("bias", bias);
    step.put("weights", named);
    return step;
  }

  /** The confidence from which a profile calls a text an attack. */
  public double threshold(Profile profile) {
    return thresholds.getOrDefault(profile, 1.0);
  }

  /** Whether a verdict without the neural stage leaves enough doubt to ask it. */
  public boolean inDoubt(Verdict withoutNeural) {
    return withoutNeural.confidence() >= doubtFrom && withoutNeural.confidence() < doubtTo;
  }

  /** Combines what the stages said, in two steps if the neural one answered. */
  public Verdict combine(Stages stages) {
    List<Contribution> parts = new ArrayList<>();
    double logit = add(bias, weights, FEATURES, features(stages), parts);
    if (stages.neural().isPresent()) {
      double[] second = neuralFeatures(stages, stages.neural().get(), logit);
      // What the first step said is scaled by the second, and so are the parts of it.
      double scale = neuralWeights[0];
      List<Contribution> scaled = new ArrayList<>();
      for (Contribution part : parts) {
        scaled.add(new Contribution(part.feature(), part.value(), part.logit() * scale));
      }
      double whole = neuralBias;
      for (int i = 0; i < second.length; i++) {
        whole += neuralWeights[i] * second[i];
      }
      scaled.add(new Contribution("bias_neural", 1, neuralBias));
      scaled.add(new Contribution("neural_window", second[1], neuralWeights[1] * second[1]));
      scaled.add(new Contribution("neural_outside", second[2], neuralWeights[2] * second[2]));
      return new Verdict(Score.logistic(whole), scaled);
    }
    return new Verdict(Score.logistic(logit), parts);
  }

  private static double add(
      double bias,
      double[] weights,
      List<String> names,
      double[] values,
      List<Contribution> parts) {
    parts.add(new Contribution("bias", 1, bias));
    double logit = bias;
    for (int i = 0; i < values.length; i++) {
      double part = weights[i] * values[i];
      logit += part;
      parts.add(new Contribution(names.get(i), values[i], part));
    }
    return logit;
  }

  /** The features of the first step. */
  static double[] features(Stages stages) {
    Zone zone = stages.reading().segment().zone();
    double window = clip(stages.ngram().logit(), 8);
    double strong = 0;
    double other = 0;
    Set<String> rules = new HashSet<>();
    for (Finding finding : stages.rules()) {
      if (finding.type().group() == FindingType.Group.ATTACK) {
        strong = Math.max(strong, finding.confidence());
        rules.add(finding.rule());
      } else {
        other = Math.max(other, finding.confidence());
      }
    }
    return new double[] {
      window,
      Math.max(0, window - 2),
      clip(stages.ngram().mean() * 10, 8),
      -Math.log1p(stages.ngram().windows()),
      stages.ngram().view().isOriginal() ? 0 : 1,
      zone == Zone.SYSTEM ? 1 : 0,
      strong,
      Math.log(Math.max(1, Math.min(rules.size(), 20))),
      other,
      strong * Math.max(0, window + 3)
    };
  }

  /** The features of the second step. */
  static double[] neuralFeatures(Stages stages, Score neural, double firstStep) {
    double said = clip(neural.logit(), 5);
    return new double[] {firstStep, said, outside(stages.reading().segment().zone()) * said};
  }

  /** Whether a text came from outside the conversation. */
  private static double outside(Zone zone) {
    return switch (zone) {
      case DOCUMENT, TOOL_RESULT, TOOL_CALL, METADATA -> 1;
      case SYSTEM, USER, ASSISTANT -> 0;
    };
  }

  private static double clip(double value, double most) {
    return Math.max(-most, Math.min(most, value));
  }
}
