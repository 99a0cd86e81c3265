package io.llmtrace.policies.usage;

import java.util.Arrays;
import java.util.stream.Stream;

/**
 * What of a text decides how many tokens it has: words, numbers, marks and letters by script. The
 * same as {@code features} in {@code training/tokens/fit.py}, where factors are fitted to it. One
 * pass, for one thread.
 */
final class TextShape {
  /** Each with its place among the factors. */
  enum Feature {
    ENGLISH_WORDS(0),
    ENGLISH_LONG(1),
    OTHER_LETTERS(2),
    MARKED_LETTERS(3),
    CAPITALS(4),
    DIGIT_GROUPS(5),
    DIGITS(6),
    MIXED(7),
    MARKS(8),
    MORE_MARKS(9),
    LINE_BREAKS(10),
    INDENTS(11),
    CYRILLIC(12),
    GREEK(13),
    ARABIC(14),
    HEBREW(15),
    DEVANAGARI(16),
    INDIC(17),
    THAI(18),
    KANA(19),
    HAN(20),
    HANGUL(21),
    SYMBOLS(22);

    final int at;

    Feature(int at) {
      this.at = at;
    }
  }

  private enum Kind {
    NONE,
    LATIN,
    MARKED,
    DIGIT,
    BREAK,
    SPACE,
    MARK,
    SCRIPT
  }

  private static final int LONGEST_COMMON = 5;

  /** The commonest words of English, each as {@link #packed} gives it, sorted. */
  private static final long[] COMMON =
      Stream.of(
              "of and to a in is that it for on with as are this be by you not or from at an if the",
              "your can will have was were which its but")
          .flatMap(line -> Stream.of(line.split(" ", -1)))
          .mapToLong(word -> packed(word, 0, word.length()))
          .sorted()
          .toArray();

  /** Letters of a word that is mostly one token in English. */
  private static final int SHORT = 7;

  /** Marks for each letter above which a text is no prose. */
  private static final double CODE = 0.12;

  private final double[] values = new double[Feature.values().length];
  private int words;
  private int common;
  private int letters;
  private int longLetters;

  private TextShape() {}

  /** The features of a part of a text. */
  static double[] of(String text, int from, int to) {
    TextShape shape = new TextShape();
    shape.read(text, from, to);
    shape.finish();
    return shape.values;
  }

  private void read(String text, int from, int to) {
    Kind before = Kind.NONE;
    Feature scriptBefore = Feature.SYMBOLS;
    int run = 0;
    int word = -1;
    int c;
    for (int i = from; i < to; i += Character.charCount(c)) {
      c = text.codePointAt(i);
      Feature script = c < 0x80 ? Feature.SYMBOLS : script(c);
      Kind kind = kind(c, script);
      run = kind == before && (kind != Kind.SCRIPT || script == scriptBefore) ? run + 1 : 1;
      if (kind == Kind.LATIN || kind == Kind.MARKED) {
        word = letter(text, i, c, word, before);
      } else {
        if (word >= 0) {
          if (kind == Kind.DIGIT) {
            add(Feature.MIXED);
          }
          endWord(text, word, i);
          word = -1;
        }
        other(kind, script, run);
      }
      before = kind;
      scriptBefore = script;
    }
    if (word >= 0) {
      endWord(text, word, to);
    }
  }

  /** Takes a letter; the beginning of its word, which may be a new one, comes back. */
  private int letter(String text, int at, int c, int wordStart, Kind before) {
    int word = wordStart;
    letters++;
    if (before == Kind.DIGIT) {
      add(Feature.MIXED);
    }
    if (c >= 0x80) {
      add(Feature.MARKED_LETTERS);
    }
    if (word >= 0 && Character.isUpperCase(c)) {
      if (Character.isUpperCase(text.charAt(at - 1))) {
        add(Feature.CAPITALS);
      } else {
        endWord(text, word, at);
        word = at;
      }
    }
    return word < 0 ? at : word;
  }

  private void other(Kind kind, Feature script, int run) {
    switch (kind) {
      case DIGIT -> {
        add(Feature.DIGITS);
        if (run % 3 == 1) {
          add(Feature.DIGIT_GROUPS);
        }
      }
      case MARK -> add(run == 1 ? Feature.MARKS : Feature.MORE_MARKS);
      case BREAK -> {
        if (run == 1) {
          add(Feature.LINE_BREAKS);
        }
      }
      case SPACE -> {
        if (run == 2) {
          add(Feature.INDENTS);
        }
      }
      default -> add(script);
    }
  }

  private void add(Feature feature) {
    values[feature.at]++;
  }

  private void endWord(String text, int from, int to) {
    words++;
    int length = to - from;
    longLetters += Math.max(0, length - SHORT);
    if (length <= LONGEST_COMMON && Arrays.binarySearch(COMMON, packed(text, from, to)) >= 0) {
      common++;
    }
  }

  /** Up to five letters as a number, in lower case where they are ASCII. */
  private static long packed(String text, int from, int to) {
    long packed = 0;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      int lower = c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
      packed = (packed << 12) | (lower & 0xFFF);
    }
    return packed;
  }

  /** Tokenizers know English and code best; how much of a text is either is told by share. */
  private void finish() {
    double marks = values[Feature.MARKS.at] + values[Feature.MORE_MARKS.at];
    double code = letters == 0 ? 0 : Math.min(1, marks / (CODE * letters));
    double english = words == 0 ? 0 : Math.min(1, 5.0 * common / words);
    double known = Math.max(english, code * code);
    values[Feature.ENGLISH_WORDS.at] = known * words;
    values[Feature.ENGLISH_LONG.at] = known * longLetters;
    values[Feature.OTHER_LETTERS.at] = (1 - known) * letters;
  }

  private static Kind kind(int c, Feature script) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      return Kind.LATIN;
    }
    if (c >= '0' && c <= '9') {
      return Kind.DIGIT;
    }
    if (c == '\n' || c == '\r') {
      return Kind.BREAK;
    }
    if (c == ' ' || c == '\t') {
      return Kind.SPACE;
    }
    if (c < 0x80) {
      return Kind.MARK;
    }
    return script == Feature.MARKED_LETTERS ? Kind.MARKED : Kind.SCRIPT;
  }

  private static Feature script(int c) {
    if (c < 0x370) {
      return c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7
          ? Feature.MARKED_LETTERS
          : Feature.SYMBOLS;
    }
    if (c < 0xE00) {
      return lowScript(c);
    }
    if (c <= 0xEFF) {
      return Feature.THAI;
    }
    if (c >= 0x1E00 && c <= 0x1FFF) {
      return c <= 0x1EFF ? Feature.MARKED_LETTERS : Feature.GREEK;
    }
    if (c >= 0x3040 && c <= 0x30FF) {
      return Feature.KANA;
    }
    if ((c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF)) {
      return Feature.HAN;
    }
    return c >= 0xAC00 && c <= 0xD7A3 ? Feature.HANGUL : Feature.SYMBOLS;
  }

  private static Feature lowScript(int c) {
    if (c <= 0x3FF) {
      return Feature.GREEK;
    }
    if (c <= 0x52F) {
      return Feature.CYRILLIC;
    }
    if (c >= 0x590 && c <= 0x5FF) {
      return Feature.HEBREW;
    }
    if (c >= 0x600 && c <= 0x77F) {
      return Feature.ARABIC;
    }
    if (c >= 0x900) {
      return c <= 0x97F ? Feature.DEVANAGARI : c >= 0x980 ? Feature.INDIC : Feature.SYMBOLS;
    }
    return Feature.SYMBOLS;
  }
}
