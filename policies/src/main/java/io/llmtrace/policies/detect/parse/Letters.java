package io.llmtrace.policies.detect.parse;

import java.util.List;

/**
 * Case of letters, one character for one, and words in texts. {@link String#toLowerCase} is not
 * used on text from outside: letters whose other case is longer (U+0130, U+00DF) make it copy the
 * text once for each of them, which is quadratic (a megabyte took a minute), and every place behind
 * them would move.
 */
public final class Letters {
  private Letters() {}

  /** A character in lower case; most are ASCII, where a table of Unicode's is a detour. */
  public static char lower(char c) {
    if (c < 128) {
      return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
    }
    return Character.toLowerCase(c);
  }

  /**
   * One character for all that differ in case only: first up, then down, which takes the long s and
   * the Kelvin sign for what patterns without case take them for.
   */
  public static char fold(char c) {
    return c < 128 ? lower(c) : Character.toLowerCase(Character.toUpperCase(c));
  }

  /** The text in lower case, exactly as long as before. */
  public static String lower(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (lower(text.charAt(i)) != text.charAt(i)) {
        char[] letters = text.toCharArray();
        for (int k = i; k < letters.length; k++) {
          letters[k] = lower(letters[k]);
        }
        return new String(letters);
      }
    }
    return text;
  }

  /** The text in upper case, exactly as long as before. */
  public static String upper(String text) {
    char[] letters = text.toCharArray();
    for (int k = 0; k < letters.length; k++) {
      letters[k] = Character.toUpperCase(letters[k]);
    }
    return new String(letters);
  }

  /** Whether a text holds one of these words. */
  public static boolean containsAny(String text, List<String> words) {
    for (String word : words) {
      if (text.contains(word)) {
        return true;
      }
    }
    return false;
  }
}
