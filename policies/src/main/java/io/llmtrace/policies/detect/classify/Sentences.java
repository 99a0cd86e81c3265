package io.llmtrace.policies.detect.classify;

/**
 * Where the sentences of a text begin and end. Rough: what is asked about the pieces is the same
 * wherever they are cut. Stateless.
 */
final class Sentences {
  /** Ends of sentences of scripts that put no space after them. */
  private static final String ENDS_ANYWHERE = "\u3002\uff01\uff1f\u0964\u06d4\n";

  private Sentences() {}

  /** The first character from {@code at} on that is no white space. */
  static int begin(String text, int at) {
    int next = at;
    while (next < text.length() && Character.isWhitespace(text.charAt(next))) {
      next++;
    }
    return next;
  }

  /**
   * The character after a sentence.
   *
   * @param to where it ends at the latest
   * @param shortest characters; what ends before takes the next sentence with it
   */
  static int end(String text, int from, int to, int shortest) {
    for (int i = from; i < to; i++) {
      if (i + 1 - from >= shortest && ends(text, i)) {
        return i + 1;
      }
    }
    return to;
  }

  private static boolean ends(String text, int at) {
    char c = text.charAt(at);
    if (ENDS_ANYWHERE.indexOf(c) >= 0) {
      return true;
    }
    return (c == '.' || c == '!' || c == '?')
        && at + 1 < text.length()
        && Character.isWhitespace(text.charAt(at + 1));
  }

  /** Whether there is a letter or digit: the rest says nothing that could be grounded. */
  static boolean says(String text, int from, int to) {
    return text.substring(from, to).codePoints().anyMatch(Character::isLetterOrDigit);
  }

  /** The end of {@code [from, to)} without the white space before it; at least one character. */
  static int trimmed(String text, int from, int to) {
    int end = to;
    while (end > from + 1 && Character.isWhitespace(text.charAt(end - 1))) {
      end--;
    }
    return end;
  }
}
