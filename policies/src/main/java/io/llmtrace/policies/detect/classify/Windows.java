package io.llmtrace.policies.detect.classify;

/**
 * The windows of a text of {@code tokens} tokens: at each scale, windows that overlap by half and
 * cover every token. A scale wider than the text is the text as a whole, and only the first such
 * scale is read.
 */
final class Windows {
  private Windows() {}

  /** How many windows a scale has. */
  static int count(int tokens, int scale) {
    int width = NgramModel.SCALES[scale];
    if (tokens <= width) {
      return scale > 0 && tokens <= NgramModel.SCALES[scale - 1] ? 0 : 1;
    }
    int step = width / 2;
    return 1 + (tokens - width + step - 1) / step;
  }

  /** First token of a window; the last window ends with the text. */
  static int from(int tokens, int scale, int index) {
    int width = NgramModel.SCALES[scale];
    return Math.max(0, Math.min(index * (width / 2), tokens - width));
  }

  /** The token after a window. */
  static int to(int tokens, int scale, int index) {
    return Math.min(tokens, from(tokens, scale, index) + NgramModel.SCALES[scale]);
  }
}
