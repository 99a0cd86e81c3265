package io.llmtrace.controlplane.statistics;

import com.datadoghq.sketch.ddsketch.DDSketch;
import com.datadoghq.sketch.ddsketch.DDSketches;
import com.datadoghq.sketch.ddsketch.encoding.ByteArrayInput;
import com.datadoghq.sketch.ddsketch.encoding.GrowingByteArrayOutput;
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
      sketch.decodeAndMergeWith(ByteArrayInput.wrap(encoded));
    } catch (IOException | RuntimeException e) {
      throw new IllegalStateException("a stored sketch of latencies cannot be read", e);
    }
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

  long count() {
    return (long) sketch.getCount();
  }
}
