package io.llmtrace.controlplane.statistics;

import com.datadoghq.sketch.ddsketch.encoding.GrowingByteArrayOutput;
import com.datadoghq.sketch.ddsketch.mapping.IndexMapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A stored sketch, read at once and not by the library's visitors: an answer may have tens of
 * thousands of them. Of the form that the library's {@code encode} gives those of {@link
 * Latencies}; what is unlike these is left to the library. Immutable.
 */
final class SketchBytes {
  private static final int KINDS = 3;
  private static final int FEATURES = 0;
  private static final int POSITIVE = 1;
  private static final int MAPPING = 2;
  private static final int ZEROS = 1;
  private static final int DELTAS_AND_COUNTS = 1;
  private static final int DELTAS = 2;
  private static final int CONTIGUOUS = 3;
  private static final int DOUBLE_BITS = 57;

  private final int[] indexes;
  private final double[] counts;
  private int bins;
  private double zeros;

  private SketchBytes(int most) {
    indexes = new int[most];
    counts = new double[most];
  }

  /** How a mapping is told in a sketch. */
  static byte[] told(IndexMapping mapping) {
    GrowingByteArrayOutput out = GrowingByteArrayOutput.withDefaultInitialCapacity();
    try {
      mapping.encode(out);
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail to be written to", e);
    }
    return out.trimmedCopy();
  }

  /**
   * Reads a sketch.
   *
   * @param mapping as {@link #told} gives that of all sketches
   * @return null if it is another one than {@link Latencies} writes
   */
  static @Nullable SketchBytes of(byte[] bytes, byte[] mapping) {
    SketchBytes read = new SketchBytes(bytes.length);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    boolean mapped = false;
    while (in.hasRemaining()) {
      int at = in.position();
      int flag = in.get();
      int detail = (flag >>> 2) & 0x3f;
      switch (flag & KINDS) {
        case FEATURES -> {
          if (detail != ZEROS) {
            return null;
          }
          read.zeros += number(in);
        }
        case MAPPING -> {
          int end = at + mapping.length;
          if (end > bytes.length || !Arrays.equals(bytes, at, end, mapping, 0, mapping.length)) {
            return null;
          }
          in.position(end);
          mapped = true;
        }
        case POSITIVE -> {
          if (read.bins > 0 || !read.store(in, detail)) {
            return null;
          }
        }
        default -> {
          return null;
        }
      }
    }
    return mapped ? read : null;
  }

  private boolean store(ByteBuffer in, int form) {
    long size = VarLong.read(in);
    if (size > indexes.length || form < DELTAS_AND_COUNTS || form > CONTIGUOUS) {
      return false;
    }
    long index = form == CONTIGUOUS ? signed(in) : 0;
    long step = form == CONTIGUOUS ? signed(in) : 0;
    for (int i = 0; i < size; i++) {
      if (form != CONTIGUOUS) {
        index += signed(in);
      }
      double count = form == DELTAS ? 1 : number(in);
      if (count > 0) {
        if (bins > 0 && index <= indexes[bins - 1]) {
          return false;
        }
        indexes[bins] = (int) index;
        counts[bins++] = count;
      }
      index += step;
    }
    return true;
  }

  private static long signed(ByteBuffer in) {
    long value = VarLong.read(in);
    return (value >>> 1) ^ -(value & 1);
  }

  /** Whole numbers up to 63 are one byte. */
  private static double number(ByteBuffer in) {
    long bits = 0;
    for (int shift = DOUBLE_BITS; ; shift -= 7) {
      byte next = in.get();
      if (shift == 1) {
        bits |= next & 0xffL;
        break;
      }
      bits |= (next & 0x7fL) << shift;
      if (next >= 0) {
        break;
      }
    }
    return Double.longBitsToDouble(Long.rotateRight(bits, 6) + Double.doubleToRawLongBits(1)) - 1;
  }

  int bins() {
    return bins;
  }

  /** Of a bin, from the lowest on. */
  int index(int bin) {
    return indexes[bin];
  }

  double count(int bin) {
    return counts[bin];
  }

  /** How many were 0. */
  double zeros() {
    return zeros;
  }

  /**
   * Percentiles, as the library's sketch has them.
   *
   * @param parts rising
   */
  double[] quantiles(IndexMapping mapping, double... parts) {
    double total = zeros;
    for (int i = 0; i < bins; i++) {
      total += counts[i];
    }
    if (total == 0) {
      return new double[0];
    }
    double[] values = new double[parts.length];
    double seen = zeros;
    int bin = -1;
    for (int p = 0; p < parts.length; p++) {
      while (seen <= parts[p] * (total - 1) && bin < bins - 1) {
        seen += counts[++bin];
      }
      values[p] = bin < 0 ? 0 : mapping.value(indexes[bin]);
    }
    return values;
  }
}
