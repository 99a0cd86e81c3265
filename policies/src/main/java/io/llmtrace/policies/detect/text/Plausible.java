package io.llmtrace.policies.detect.text;

/**
 * Whether what a decoder wrote is text: the guard against reading sense into keys, hashes and
 * numbers.
 */
final class Plausible {
  /**
   * Bytes from which on being text at all is proof enough: of random bytes that many are printable
   * ASCII once in some 150,000 times.
   */
  static final int PROOF = 12;

  /** Spaces, and what encodings inside are written with. */
  private static final String NEUTRAL = " \n\r\t&#;%\\=+/.-";

  private Plausible() {}

  /**
   * Whether the open piece of {@code edits} is text.
   *
   * @param evidence how many bytes, each of which might have been anything, it was made of
   */
  static boolean isText(Edits edits, int evidence) {
    char[] text = edits.text();
    int from = edits.openedAt();
    int to = edits.size();
    if (to - from < 3 || !isWritten(text, from, to)) {
      return false;
    }
    return evidence >= PROOF || Letters.mean(text, from, to, -1) > 0;
  }

  /** Whether it reads like words, too: for encodings that almost any characters could be. */
  static boolean isProse(Edits edits, int least) {
    char[] text = edits.text();
    int from = edits.openedAt();
    int to = edits.size();
    return to - from >= least
        && isWritten(text, from, to)
        && Letters.mean(text, from, to, Letters.NAT) > Letters.NAT / 4;
  }

  /** At least every second character that is no space is a letter or digit. */
  private static boolean isWritten(char[] text, int from, int to) {
    int letters = 0;
    int others = 0;
    for (int i = from; i < to; i++) {
      char c = text[i];
      if (Character.isLetterOrDigit(c) || Character.isSurrogate(c)) {
        letters++;
      } else if (c < 128 && NEUTRAL.indexOf(c) < 0) {
        // Marks and signs of other scripts belong to their letters.
        others++;
      }
    }
    return letters > 0 && letters >= others;
  }
}
