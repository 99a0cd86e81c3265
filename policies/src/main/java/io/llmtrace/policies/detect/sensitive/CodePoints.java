package io.llmtrace.policies.detect.sensitive;

/**
 * Places of a text in code points. Counting from the start for each finding would make many
 * findings quadratic, so a step is kept for each piece, made when first asked for.
 */
final class CodePoints {
  private static final int PIECE = 1024;

  private final String text;
  private int[] steps = {};

  CodePoints(String text) {
    this.text = text;
  }

  /** Code points before a character. */
  int before(int index) {
    if (steps.length == 0) {
      steps = new int[text.length() / PIECE + 1];
      for (int i = 1; i < steps.length; i++) {
        steps[i] = steps[i - 1] + count((i - 1) * PIECE, i * PIECE);
      }
    }
    int piece = index / PIECE;
    return steps[piece] + count(piece * PIECE, index);
  }

  /** Characters that begin a code point; a pair may lie across two pieces. */
  private int count(int from, int to) {
    int count = 0;
    for (int i = from; i < to; i++) {
      boolean second =
          i > 0
              && Character.isLowSurrogate(text.charAt(i))
              && Character.isHighSurrogate(text.charAt(i - 1));
      count += second ? 0 : 1;
    }
    return count;
  }
}
