package io.llmtrace.cli.measure;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.util.List;

/**
 * Whether something grows while a process works. What is bounded fills first and then stays: caches
 * of verdicts, ids that the tap has seen. So the second half of the time counts, by the line
 * through its samples (least squares), which one strange sample does not turn.
 *
 * @param samples in order of time
 * @param allowance what it may grow by in the second half: a share of the median of that half, or
 *     an amount where that is more
 */
public record Growth(List<Sample> samples, Allowance allowance) {
  /**
   * A measurement.
   *
   * @param seconds since the beginning
   */
  public record Sample(double seconds, double value) {}

  /** A share, 0 to 1, and an amount in the unit of the samples. */
  public record Allowance(double share, double amount) {}

  public Growth {
    samples = List.copyOf(samples);
    if (samples.size() < 2) {
      throw new IllegalArgumentException("growth needs two samples, had " + samples.size());
    }
  }

  /** The first value. */
  public double first() {
    return samples.get(0).value();
  }

  /** The last value. */
  public double last() {
    return samples.get(samples.size() - 1).value();
  }

  /** Of all samples, a minute. */
  public double slopePerMinute() {
    return 60 * slope(samples);
  }

  /** What the line through the second half rises by; negative where it falls. */
  public double inSecondHalf() {
    List<Sample> half = secondHalf();
    return slope(half) * (half.get(half.size() - 1).seconds() - half.get(0).seconds());
  }

  /** What it may rise by in the second half. */
  public double allowed() {
    List<Double> values = secondHalf().stream().map(Sample::value).toList();
    return Math.max(allowance.share() * Rounds.median(values), allowance.amount());
  }

  /** Whether it rises by no more than that. */
  public boolean ok() {
    return inSecondHalf() <= allowed();
  }

  private List<Sample> secondHalf() {
    double begin = samples.get(0).seconds();
    double middle = (begin + samples.get(samples.size() - 1).seconds()) / 2;
    List<Sample> half = samples.stream().filter(sample -> sample.seconds() >= middle).toList();
    return half.size() < 2 ? samples.subList(samples.size() - 2, samples.size()) : half;
  }

  private static double slope(List<Sample> samples) {
    double meanTime = samples.stream().mapToDouble(Sample::seconds).average().orElse(0);
    double meanValue = samples.stream().mapToDouble(Sample::value).average().orElse(0);
    double both = 0;
    double square = 0;
    for (Sample sample : samples) {
      double time = sample.seconds() - meanTime;
      both += time * (sample.value() - meanValue);
      square += time * time;
    }
    return square == 0 ? 0 : both / square;
  }

  /** All figures and samples. */
  public ObjectNode json() {
    ObjectNode node =
        WireJson.mapper()
            .createObjectNode()
            .put("first", Math.round(first()))
            .put("last", Math.round(last()))
            .put("slope_per_minute", Rounded.thousandths(slopePerMinute()))
            .put("growth_in_second_half", Rounded.thousandths(inSecondHalf()))
            .put("allowed", Rounded.thousandths(allowed()))
            .put("ok", ok());
    ArrayNode all = node.putArray("samples");
    samples.forEach(
        sample ->
            all.addArray()
                .add(Rounded.thousandths(sample.seconds()))
                .add(Math.round(sample.value())));
    return node;
  }
}
