package io.llmtrace.controlplane.statistics;

import com.datadoghq.sketch.ddsketch.DDSketch;
import com.datadoghq.sketch.ddsketch.DDSketches;
import com.datadoghq.sketch.ddsketch.encoding.ByteArrayInput;
import com.datadoghq.sketch.ddsketch.encoding.GrowingByteArrayOutput;
import com.datadoghq.sketch.ddsketch.mapping.IndexMapping;
import com.datadoghq.sketch.ddsketch.store.Store;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Latencies of many exchanges, milliseconds, as a DDSketch (https://arxiv.org/abs/1908.10693): a
 * percentile of it is within 1 % of the true one, and two of them merge without loss. Not
 * thread-safe.
 */
final class Latencies {
  /** Relative error of a percentile. */
  static final double ACCURACY = 0.01;

  /** 1,024 bins of 2 % reach over nine decades; below them values are taken together. */
  private static final int BINS = 1_024;

  private static final IndexMapping MAPPING =
      DDSketches.logarithmicCollapsingLowestDense(ACCURACY, BINS).getIndexMapping();
  private static final byte[] MAPPING_TOLD = SketchBytes.told(MAPPING);

  private final DDSketch sketch = DDSketches.logarithmicCollapsingLowestDense(ACCURACY, BINS);

  void add(double millis) {
    sketch.accept(Math.max(0, millis));
  }

  void add(Latencies other) {
    sketch.mergeWith(other.sketch);
  }

  /**
   * Adds what {@link #bytes()} gave.
   *
   * @throws IllegalStateException if these are no bytes of a sketch
   */
  void add(byte @Nullable [] encoded) {
    if (encoded == null) {
      return;
    }
    try {
      SketchBytes read = SketchBytes.of(encoded, MAPPING_TOLD);
      if (read != null) {
        add(read);
        return;
      }
      sketch.decodeAndMergeWith(ByteArrayInput.wrap(encoded));
    } catch (IOException | RuntimeException e) {
      throw new IllegalStateException("a stored sketch of latencies cannot be read", e);
    }
  }

  private void add(SketchBytes read) {
    Store bins = sketch.getPositiveValueStore();
    // From the highest on: the store then knows at once how far it must reach.
    for (int i = read.bins() - 1; i >= 0; i--) {
      bins.add(read.index(i), read.count(i));
    }
    if (read.zeros() > 0) {
      sketch.accept(0, read.zeros());
    }
  }

  /**
   * Percentiles of one stored sketch, as {@link #quantiles} has them of what is added up.
   *
   * @throws IllegalStateException if these are no bytes of a sketch
   */
  static double[] quantilesOf(byte[] encoded, double... parts) {
    SketchBytes read;
    try {
      read = SketchBytes.of(encoded, MAPPING_TOLD);
    } catch (RuntimeException e) {
      throw new IllegalStateException("a stored sketch of latencies cannot be read", e);
    }
    if (read != null) {
      return read.quantiles(MAPPING, parts);
    }
    Latencies all = new Latencies();
    all.add(encoded);
    return all.quantiles(parts);
  }

  /** The sketch for storing, or null if nothing was added. */
  byte @Nullable [] bytes() {
    if (sketch.isEmpty()) {
      return null;
    }
    GrowingByteArrayOutput out = GrowingByteArrayOutput.withDefaultInitialCapacity();
    try {
      sketch.encode(out, false);
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail to be written to", e);
    }
    return out.trimmedCopy();
  }

  /** Milliseconds that a part of the exchanges did not exceed, or null if there are none. */
  @Nullable Double quantile(double part) {
    return sketch.isEmpty() ? null : sketch.getValueAtQuantile(part);
  }

  /**
   * Several at once, in one way through the bins.
   *
   * @param parts rising
   * @return what {@link #quantile} gives for each; empty if there are none
   */
  double[] quantiles(double... parts) {
    if (sketch.isEmpty()) {
      return new double[0];
    }
    Store bins = sketch.getPositiveValueStore();
    double zeros = sketch.getCount() - bins.getTotalCount();
    double last = sketch.getCount() - 1;
    double[] values = new double[parts.length];
    double[] seen = {zeros};
    int[] next = {0};
    while (next[0] < parts.length && seen[0] > parts[next[0]] * last) {
      next[0]++;
    }
    // From the lowest bin to the highest.
    bins.forEach(
        (index, count) -> {
          seen[0] += count;
          while (next[0] < parts.length && seen[0] > parts[next[0]] * last) {
            values[next[0]++] = sketch.getIndexMapping().value(index);
          }
        });
    return values;
  }

  long count() {
    return (long) sketch.getCount();
  }
}
