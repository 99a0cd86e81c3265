package io.llmtrace.policies.detect.text;

/**
 * Text in letters that are turned upside down, which is written backwards as a rule. Some letters
 * turned are other ordinary letters, so the whole stretch is turned, not only what looks odd.
 */
final class Turned {
  static final String NAME = "turned";

  private static final String TURNED = "ɐqɔpǝɟƃɥıɾʞlɯuodbɹsʇnʌʍxʎz∀BƆpƎℲפHIſʞ˥WNOԀQɹS⊥∩ΛMX⅄Z˙¡¿ᴉƖ";
  private static final String PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.!?il";

  private static final int LEAST = 4;

  private static final char[] TURNED_TO = new char[0x2300];

  static {
    for (int i = TURNED.length() - 1; i >= 0; i--) {
      if (TURNED.charAt(i) < TURNED_TO.length) {
        TURNED_TO[TURNED.charAt(i)] = PLAIN.charAt(i);
      }
    }
  }

  /** Up to here no character is another one upside down. */
  static final char LATIN = 0x100;

  private Turned() {}

  /** Turns the stretch between the first and the last letter that is upside down for certain. */
  static Edits found(Form form, Work work) {
    Edits edits = new Edits();
    char[] chars = form.chars;
    int first = -1;
    int last = -1;
    int odd = 0;
    int letters = 0;
    for (int i = 0; i < chars.length && !work.spent(1); i++) {
      boolean turned = chars[i] > LATIN && isOdd(chars[i]);
      letters += turned || Letters.isLetter(chars[i]) ? 1 : 0;
      if (turned) {
        first = first < 0 ? i : first;
        last = i;
        odd++;
      }
    }
    // Phonetic script has a few of them, Turkish has one; what is turned has one in three.
    if (odd < LEAST || odd * 6 < letters || work.stopped()) {
      return edits;
    }
    while (first > 0 && chars[first - 1] > ' ') {
      first--;
    }
    while (last + 1 < chars.length && chars[last + 1] > ' ') {
      last++;
    }
    boolean backwards = mean(chars, first, last, -1) >= mean(chars, first, last, 1);
    edits.open(first);
    for (int k = 0; k <= last - first && !work.spent(1); k++) {
      int i = backwards ? last - k : first + k;
      edits.put(plain(chars[i]), i, i + 1);
    }
    edits.close(last + 1, NAME);
    return edits;
  }

  private static boolean isOdd(char c) {
    return plain(c) != c && Letters.isLetter(c);
  }

  private static char plain(char c) {
    return c < TURNED_TO.length && TURNED_TO[c] != 0 ? TURNED_TO[c] : c;
  }

  /** How well the first letters read in one direction. */
  private static int mean(char[] chars, int first, int last, int step) {
    int size = Math.min(last - first + 1, 256);
    char[] read = new char[size];
    for (int k = 0; k < size; k++) {
      read[k] = plain(chars[step > 0 ? first + k : last - k]);
    }
    return Letters.mean(read, 0, size, 0);
  }
}
