package io.llmtrace.plugin.conf;

import io.llmtrace.policies.wire.CaptureMode;

/**
 * What a route has kept of its content. Immutable.
 *
 * @param mode how much
 * @param maxBytes text of a request, and of an answer, that is kept at most, bytes of UTF-8
 * @param sample part of the exchanges, over 0 and up to 1
 */
public record CaptureConf(CaptureMode mode, int maxBytes, double sample) {
  /** Nothing is kept. */
  public static final CaptureConf NONE = new CaptureConf(CaptureMode.NONE, 0, 1);

  /** Bits of an id that choose: six characters of base 32. */
  private static final int BITS = 30;

  /**
   * Whether an exchange is one of those that are kept; the same for both of its halves.
   *
   * @param decisionId ULID, whose last characters are random
   */
  public boolean takes(String decisionId) {
    if (mode == CaptureMode.NONE) {
      return false;
    }
    int bits = decisionId.substring(decisionId.length() - 6).hashCode();
    // Mixed (the finaliser of MurmurHash3): a hash of neighbours is a neighbour.
    bits ^= bits >>> 16;
    bits *= 0x85ebca6b;
    bits ^= bits >>> 13;
    bits *= 0xc2b2ae35;
    bits ^= bits >>> 16;
    return (bits >>> (Integer.SIZE - BITS)) < sample * (1 << BITS);
  }

  /** As the control plane shows it. */
  String label() {
    if (mode == CaptureMode.NONE) {
      return mode.label();
    }
    return mode.label() + " up to " + maxBytes + " bytes" + (sample < 1 ? " of " + sample : "");
  }
}
