package io.llmtrace.policies.detect.classify;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Fits the n-gram model by multiple instances: a text is a bag of windows, its logit is a smooth
 * maximum over them (log-sum-exp), and the logistic loss of the bag reaches the windows that made
 * it. So an attack in a long text teaches by its own window, and a benign text by its most
 * suspicious one. AdaGrad (Duchi et al. 2011), seeded, one thread: the same data give the same
 * model.
 */
final class NgramTrainer {
  /** What can be turned; the defaults are what cross-validation by source chose. */
  static final class Options {
    int bits = 20;
    int epochs = 6;
    double rate = 0.15;
    double l2 = 2e-6;
    double sourcePower = 0.5;
    double dropout = 0.5;
    double otherWindows = 0.5;
    double benignScale = 1.0;
    long seed = 20260724;

    /** The {@code key=value} pairs after the two directories of a command line. */
    static Map<String, String> pairs(String[] arguments) {
      Map<String, String> given = new TreeMap<>();
      for (int i = 2; i < arguments.length; i++) {
        String[] pair = arguments[i].split("=", 2);
        given.put(pair[0], pair[1]);
      }
      return given;
    }

    static Options from(Map<String, String> given) {
      Options o = new Options();
      given.forEach(
          (key, value) -> {
            switch (key) {
              case "bits" -> o.bits = Integer.parseInt(value);
              case "epochs" -> o.epochs = Integer.parseInt(value);
              case "rate" -> o.rate = Double.parseDouble(value);
              case "l2" -> o.l2 = Double.parseDouble(value);
              case "sourcePower" -> o.sourcePower = Double.parseDouble(value);
              case "dropout" -> o.dropout = Double.parseDouble(value);
              case "otherWindows" -> o.otherWindows = Double.parseDouble(value);
              case "benignScale" -> o.benignScale = Double.parseDouble(value);
              case "seed" -> o.seed = Long.parseLong(value);
              default -> {}
            }
          });
      return o;
    }
  }

  private final Options options;
  private final int shift;
  private final float[] weights;
  private final float[] squares;
  private final float[] zoneBias = new float[NgramFeatures.ZONE_GROUPS];
  private final float[] scaleBias = new float[NgramModel.SCALES.length];
  private final float[] zoneSquares = new float[NgramFeatures.ZONE_GROUPS];
  private final float[] scaleSquares = new float[NgramModel.SCALES.length];
  private double[] sums = new double[1];

  NgramTrainer(Options options) {
    this.options = options;
    this.shift = 32 - options.bits;
    this.weights = new float[1 << options.bits];
    this.squares = new float[1 << options.bits];
  }

  NgramModel model() {
    return NgramModel.of(weights, zoneBias, scaleBias);
  }

  /** Trains on {@code bags}, in an order that the seed gives. */
  void fit(List<Bag> bags) {
    Map<String, Double> perSource = new TreeMap<>();
    for (Bag bag : bags) {
      perSource.merge(key(bag), 1.0, Double::sum);
    }
    double norm = 0;
    for (Bag bag : bags) {
      norm += Math.pow(perSource.get(key(bag)), -options.sourcePower);
    }
    norm /= bags.size();
    List<Bag> order = new ArrayList<>(bags);
    Random random = new Random(options.seed);
    for (int epoch = 0; epoch < options.epochs; epoch++) {
      shuffle(order, random);
      double rate = options.rate * (1 - 0.9 * epoch / options.epochs);
      for (Bag bag : order) {
        double weight = Math.pow(perSource.get(key(bag)), -options.sourcePower) / norm;
        if (!bag.row.attack()) {
          weight *= options.benignScale;
        }
        learn(bag, weight, rate, random.nextInt());
      }
    }
  }

  private static String key(Bag bag) {
    return (bag.row.attack() ? "+" : "-") + bag.row.source();
  }

  static <T> void shuffle(List<T> list, Random random) {
    for (int i = list.size() - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      T held = list.get(i);
      list.set(i, list.get(j));
      list.set(j, held);
    }
  }

  private record Instance(Bag.View view, int first, int end, int scale, double logit) {}

  private void learn(Bag bag, double weight, double rate, int seed) {
    List<Instance> positive = new ArrayList<>();
    List<Instance> rest = new ArrayList<>();
    for (Bag.View view : bag.views) {
      windows(bag, view, seed, positive, rest);
    }
    if (bag.row.attack()) {
      if (positive.isEmpty()) {
        return;
      }
      step(bag, positive, 1, weight, rate, seed);
      if (!rest.isEmpty() && options.otherWindows > 0) {
        step(bag, rest, 0, weight * options.otherWindows, rate, seed);
      }
    } else if (!rest.isEmpty()) {
      step(bag, rest, 0, weight, rate, seed);
    }
  }

  private boolean dropped(int index, int seed) {
    return (Tokens.mix(index ^ seed) >>> 8) < options.dropout * (1 << 24);
  }

  private void windows(
      Bag bag, Bag.View view, int seed, List<Instance> positive, List<Instance> rest) {
    int tokens = view.tokens();
    if (tokens == 0) {
      return;
    }
    if (sums.length <= tokens) {
      sums = new double[tokens + 1];
    }
    double keep = 1 / (1 - options.dropout);
    for (int t = 0; t < tokens; t++) {
      double sum = 0;
      for (int i = view.offsets[t]; i < view.offsets[t + 1]; i++) {
        int index = view.features[i] >>> shift;
        if (!dropped(index, seed)) {
          sum += weights[index];
        }
      }
      sums[t + 1] = sums[t] + sum * keep;
    }
    for (int scale = 0; scale < NgramModel.SCALES.length; scale++) {
      int n = Windows.count(tokens, scale);
      for (int w = 0; w < n; w++) {
        int first = Windows.from(tokens, scale, w);
        int end = Windows.to(tokens, scale, w);
        double logit =
            zoneBias[bag.zone]
                + scaleBias[scale]
                + (sums[end] - sums[first]) / Math.sqrt(end - first + NgramModel.SMOOTHING);
        Instance instance = new Instance(view, first, end, scale, logit);
        if (!bag.row.attack()) {
          rest.add(instance);
        } else if (view.payloadFrom < 0) {
          positive.add(instance);
        } else {
          int overlap =
              Math.min(view.to[end - 1], view.payloadTo)
                  - Math.max(view.from[first], view.payloadFrom);
          int window = view.to[end - 1] - view.from[first];
          int payload = view.payloadTo - view.payloadFrom;
          if (overlap * 2 >= Math.min(window, payload)) {
            positive.add(instance);
          } else if (overlap <= 0) {
            rest.add(instance);
          }
        }
      }
    }
  }

  private void step(
      Bag bag, List<Instance> windows, int target, double weight, double rate, int seed) {
    double most = Double.NEGATIVE_INFINITY;
    for (Instance w : windows) {
      most = Math.max(most, w.logit);
    }
    double total = 0;
    for (Instance w : windows) {
      total += Math.exp((w.logit - most) * 2);
    }
    double pooled = most + Math.log(total) / 2;
    double error = Score.logistic(pooled) - target;
    if (Math.abs(error) < 1e-3) {
      return;
    }
    for (Instance w : windows) {
      double share = Math.exp((w.logit - most) * 2) / total;
      if (share > 0.02) {
        descend(bag, w, error * share * weight, rate, seed);
      }
    }
  }

  private void descend(Bag bag, Instance w, double gradient, double rate, int seed) {
    double scaled =
        gradient / Math.sqrt(w.end - w.first + NgramModel.SMOOTHING) / (1 - options.dropout);
    int from = w.view.offsets[w.first];
    int to = w.view.offsets[w.end];
    for (int i = from; i < to; i++) {
      int index = w.view.features[i] >>> shift;
      if (dropped(index, seed)) {
        continue;
      }
      double g = scaled + options.l2 * weights[index];
      squares[index] += (float) (g * g);
      weights[index] -= (float) (rate * g / (Math.sqrt(squares[index]) + 1e-2));
    }
    zoneSquares[bag.zone] += (float) (gradient * gradient);
    zoneBias[bag.zone] -= (float) (rate * gradient / (Math.sqrt(zoneSquares[bag.zone]) + 1));
    scaleSquares[w.scale] += (float) (gradient * gradient);
    scaleBias[w.scale] -= (float) (rate * gradient / (Math.sqrt(scaleSquares[w.scale]) + 1));
  }
}
