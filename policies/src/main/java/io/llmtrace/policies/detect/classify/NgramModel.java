package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.exchange.Zone;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The weights of the n-gram classifier. Immutable.
 *
 * <p>A window of n tokens whose features have the weights w has the logit {@code bias(zone) +
 * bias(scale) + sum(w) / sqrt(n + }{@value #SMOOTHING}{@code )}.
 */
final class NgramModel {
  /** Tokens of a window, from the narrowest: a line, a paragraph, a page. */
  static final int[] SCALES = {20, 60, 160};

  static final double SMOOTHING = 4;

  private static final int MAGIC = 0x4c544e47;
  private static final int VERSION = 1;
  private static final int HEADER = 12 + 4 * (NgramFeatures.ZONE_GROUPS + SCALES.length + 256);
  private static final int DIGEST = 32;

  private final int shift;
  private final byte[] table;
  private final float[] levels;
  private final float[] zoneBias;
  private final float[] scaleBias;

  private NgramModel(int bits, byte[] table, float[] levels, float[] zoneBias, float[] scaleBias) {
    this.shift = 32 - bits;
    this.table = table;
    this.levels = levels;
    this.zoneBias = zoneBias;
    this.scaleBias = scaleBias;
  }

  /**
   * A model of weights that were trained, each rounded to one of 256 levels: finer near nothing,
   * where most weights are, by a cubic scale.
   *
   * @param weights a power of two of them
   */
  static NgramModel of(float[] weights, float[] zoneBias, float[] scaleBias) {
    float most = 1e-6f;
    for (float w : weights) {
      most = Math.max(most, Math.abs(w));
    }
    float[] levels = new float[256];
    for (int i = 0; i < 256; i++) {
      float x = (i - 128) / 127f;
      levels[i] = most * x * x * x;
    }
    byte[] table = new byte[weights.length];
    for (int i = 0; i < weights.length; i++) {
      table[i] = (byte) nearest(Math.cbrt(weights[i] / most) * 127, weights[i], levels);
    }
    return new NgramModel(
        Integer.numberOfTrailingZeros(weights.length),
        table,
        levels,
        zoneBias.clone(),
        scaleBias.clone());
  }

  private static int nearest(double guess, float weight, float[] levels) {
    int best = (int) Math.round(guess);
    for (int i = Math.max(-128, best - 1); i <= Math.min(127, best + 1); i++) {
      if (Math.abs(levels[i + 128] - weight) < Math.abs(levels[best + 128] - weight)) {
        best = i;
      }
    }
    return best;
  }

  /**
   * Reads what {@link #bytes()} wrote.
   *
   * @throws IllegalArgumentException if it is no model, of another version, cut or altered
   */
  static NgramModel read(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < HEADER + DIGEST || in.getInt() != MAGIC) {
      throw new IllegalArgumentException("no n-gram model: its first bytes are not those of one");
    }
    int version = in.getInt();
    if (version != VERSION) {
      throw new IllegalArgumentException(
          "n-gram model of version " + version + ", expected " + VERSION);
    }
    int bits = in.getInt();
    if (bits < 8 || bits > 24 || bytes.length != HEADER + (1 << bits) + DIGEST) {
      throw new IllegalArgumentException(
          "n-gram model of " + bytes.length + " bytes for 2^" + bits + " weights: it is cut");
    }
    byte[] body = Arrays.copyOf(bytes, bytes.length - DIGEST);
    if (!Arrays.equals(
        Checksum.sha256(body), Arrays.copyOfRange(bytes, bytes.length - DIGEST, bytes.length))) {
      throw new IllegalArgumentException(
          "n-gram model whose checksum does not match: it was altered");
    }
    float[] zoneBias = floats(in, NgramFeatures.ZONE_GROUPS);
    float[] scaleBias = floats(in, SCALES.length);
    float[] levels = floats(in, 256);
    byte[] table = new byte[1 << bits];
    in.get(table);
    return new NgramModel(bits, table, levels, zoneBias, scaleBias);
  }

  byte[] bytes() {
    ByteBuffer out =
        ByteBuffer.allocate(HEADER + table.length + DIGEST).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(MAGIC).putInt(VERSION).putInt(32 - shift);
    for (float[] part : new float[][] {zoneBias, scaleBias, levels}) {
      for (float f : part) {
        out.putFloat(f);
      }
    }
    out.put(table);
    out.put(Checksum.sha256(Arrays.copyOf(out.array(), out.position())));
    return out.array();
  }

  /** Eight hexadecimal digits of the checksum over all weights. */
  String digest() {
    byte[] bytes = bytes();
    return Checksum.hex(bytes, bytes.length - DIGEST, 4);
  }

  /** The summed weights of {@code count} features. */
  float sum(int[] features, int count) {
    float sum = 0;
    for (int i = 0; i < count; i++) {
      sum += levels[table[features[i] >>> shift] + 128];
    }
    return sum;
  }

  double logit(Zone zone, int scale, double sum, int tokens) {
    return zoneBias[NgramFeatures.zoneGroup(zone)]
        + scaleBias[scale]
        + sum / Math.sqrt(tokens + SMOOTHING);
  }

  private static float[] floats(ByteBuffer in, int count) {
    float[] floats = new float[count];
    for (int i = 0; i < count; i++) {
      floats[i] = in.getFloat();
    }
    return floats;
  }
}
