package io.llmtrace.policies.detect.classify;

/**
 * Splits text into words, numbers, runs of punctuation and line breaks, in one pass. Not
 * thread-safe: one object reads one text after another and keeps its arrays.
 *
 * <p>Whatever names a place rather than a meaning is one token of its class, whatever its letters
 * are: addresses, hosts, e-mail addresses, numbers, and runs too long to be words. A model that saw
 * them would learn the names in its training data. Chinese and Japanese characters are words of
 * their own, because those scripts have no spaces.
 */
final class Tokens {
  /** What a token is. */
  static final byte WORD = 0;

  static final byte CLASS = 1;
  static final byte PUNCTUATION = 2;
  static final byte BREAK = 3;

  /** Longest run of letters that is one word; a longer one is cut, or is a class if it is ASCII. */
  static final int LONGEST_WORD = 24;

  private static final int LONGEST_ADDRESS = 2048;
  private static final int LONGEST_HOST = 80;

  static final int HASH_URL = 0x51ed270b;
  static final int HASH_URL_QUERY = 0x2c1b3c6d;
  static final int HASH_HOST = 0x297a2d39;
  static final int HASH_EMAIL = 0x1b56c4e9;
  static final int HASH_LONG = 0x7feb352d;
  static final int HASH_NUMBER = 0x6c8e9cf5;
  static final int HASH_BREAK = 0x3243f6a9;
  static final int HASH_PARAGRAPH = 0x5a308d31;

  private static final byte[] KINDS = new byte[128];
  private static final byte SPACE = 0;
  private static final byte LETTER = 1;
  private static final byte DIGIT = 2;
  private static final byte MARK = 3;
  private static final byte LINE = 4;
  private static final byte IDEOGRAPH = 5;
  private static final byte SKIPPED = 6;

  static {
    for (char c = 0; c < 128; c++) {
      KINDS[c] =
          c == '\n'
              ? LINE
              : c <= ' ' || c == 127
                  ? SPACE
                  : Character.isLetter(c) || c == '_'
                      ? LETTER
                      : Character.isDigit(c) ? DIGIT : MARK;
    }
  }

  private static final byte[] LOWER = new byte[128];

  static {
    for (char c = 0; c < LOWER.length; c++) {
      LOWER[c] = KINDS[c] == LETTER ? (byte) lower(c) : 0;
    }
  }

  /** The text in lower case, digits as zeros, one for one. */
  char[] folded = new char[0];

  int[] hash = new int[0];
  int[] from = new int[0];
  int[] to = new int[0];
  byte[] kind = new byte[0];

  /** Whether a word is written in capitals throughout. */
  boolean[] capitals = new boolean[0];

  int count;

  /** Character of the text at which {@link #folded} begins. */
  int start;

  /**
   * Reads characters {@code [start, end)} of a text. Positions in {@link #from} and {@link #to} are
   * characters of {@code text}; {@link #folded} begins at {@code start}.
   */
  void read(String text, int begin, int end) {
    start = begin;
    int length = end - start;
    reserve(length);
    text.getChars(start, end, folded, 0);
    count = 0;
    int at = 0;
    while (at < length) {
      char c = folded[at];
      switch (kindOf(c)) {
        case SPACE, SKIPPED -> at++;
        case LINE -> at = lineBreak(at, length);
        case LETTER -> at = word(at, length);
        case DIGIT -> at = number(at, length);
        case IDEOGRAPH -> {
          add(WORD, mix(c), at, at + 1, false);
          at++;
        }
        default -> at = punctuation(at, length);
      }
    }
  }

  private void reserve(int length) {
    if (folded.length < length) {
      int size = Math.max(256, length);
      folded = new char[size];
      hash = new int[size];
      from = new int[size];
      to = new int[size];
      kind = new byte[size];
      capitals = new boolean[size];
    }
  }

  private void add(byte kindOfToken, int tokenHash, int at, int end, boolean capital) {
    kind[count] = kindOfToken;
    hash[count] = tokenHash;
    from[count] = start + at;
    to[count] = start + end;
    capitals[count] = capital;
    count++;
  }

  private int lineBreak(int at, int length) {
    int lines = 0;
    int next = at;
    while (next < length && (kindOf(folded[next]) == LINE || kindOf(folded[next]) == SPACE)) {
      if (folded[next] == '\n') {
        lines++;
      }
      next++;
    }
    add(BREAK, lines > 1 ? HASH_PARAGRAPH : HASH_BREAK, at, next, false);
    return next;
  }

  /**
   * A word, or an address that begins with one. An apostrophe between letters belongs to no word
   * and parts none, so that "don't" and "dont" are one.
   */
  private int word(int at, int length) {
    int next = at;
    int h = 0x811c9dc5;
    int upper = 0;
    int letters = 0;
    int digits = 0;
    boolean ascii = true;
    // Most words are of nothing else.
    for (int lower; next < length && (lower = lowerOfAscii(folded[next])) != 0; next++) {
      upper += lower == folded[next] ? 0 : 1;
      folded[next] = (char) lower;
      h = (h ^ lower) * 0x01000193;
      letters++;
    }
    while (next < length) {
      char c = folded[next];
      byte k = kindOf(c);
      if (k == DIGIT) {
        c = '0';
        digits++;
      } else if (k == LETTER) {
        letters++;
        char lower = lower(c);
        upper += lower == c ? 0 : 1;
        c = lower;
        // A run of ASCII that is too long for a word does not become one by a letter behind it.
        if (c >= 128 && letters + digits > LONGEST_WORD) {
          break;
        }
        ascii &= c < 128;
      } else if (k == SKIPPED
          || ((c == '\'' || c == '\u2019')
              && next + 1 < length
              && kindOf(folded[next + 1]) == LETTER)) {
        folded[next++] = '\'';
        continue;
      } else {
        break;
      }
      if (!ascii && letters + digits > LONGEST_WORD) {
        break;
      }
      folded[next++] = c;
      h = (h ^ c) * 0x01000193;
    }
    if (next < length) {
      int address = address(at, next, length);
      if (address > next) {
        return address;
      }
    }
    if (next - at > LONGEST_WORD && ascii) {
      add(CLASS, HASH_LONG, at, next, false);
    } else {
      add(WORD, mix(h), at, next, letters >= 3 && upper == letters);
    }
    return next;
  }

  /**
   * The end of an address that begins at {@code at} with the word up to {@code wordEnd}; else 0.
   */
  private int address(int at, int wordEnd, int length) {
    char c = folded[wordEnd];
    if (c == ':'
        && wordEnd + 3 < length
        && folded[wordEnd + 1] == '/'
        && folded[wordEnd + 2] == '/') {
      boolean query = false;
      int end = wordEnd + 3;
      int limit = Math.min(length, end + LONGEST_ADDRESS);
      while (end < limit && addressCharacter(folded[end])) {
        query |= folded[end] == '?' || folded[end] == '{' || folded[end] == '$';
        end++;
      }
      add(CLASS, query ? HASH_URL_QUERY : HASH_URL, at, end, false);
      return end;
    }
    if ((c == '.' || c == '@' || c == '-') && wordEnd + 1 < length && ascii(folded[wordEnd + 1])) {
      int end = wordEnd;
      int limit = Math.min(length, at + LONGEST_HOST);
      int lastDot = -1;
      boolean mail = false;
      while (end < limit && (ascii(folded[end]) || "-.@".indexOf(folded[end]) >= 0)) {
        mail |= folded[end] == '@';
        lastDot = folded[end] == '.' ? end : lastDot;
        end++;
      }
      if (lastDot == end - 1) {
        end--;
        lastDot = previousDot(wordEnd, end);
      }
      if (lastDot > 0 && end > lastDot + 1 && (mail || topLevel(lastDot + 1, end))) {
        add(CLASS, mail ? HASH_EMAIL : HASH_HOST, at, end, false);
        return end;
      }
    }
    return 0;
  }

  private int previousDot(int from, int before) {
    for (int i = before - 1; i >= from; i--) {
      if (folded[i] == '.') {
        return i;
      }
    }
    return -1;
  }

  private static boolean addressCharacter(char c) {
    return c > ' '
        && c != '"'
        && c != '\''
        && c != '<'
        && c != '>'
        && c != ')'
        && c != '\\'
        && c < 0x2e80;
  }

  private static boolean ascii(char c) {
    return c < 128 && (KINDS[c] == LETTER || KINDS[c] == DIGIT);
  }

  /** Whether a label is a common top-level domain, or one that RFC 2606 keeps for examples. */
  private boolean topLevel(int labelFrom, int labelTo) {
    return switch (new String(folded, labelFrom, labelTo - labelFrom)) {
      case "com",
          "org",
          "net",
          "io",
          "example",
          "test",
          "invalid",
          "localhost",
          "dev",
          "ai",
          "co",
          "ru",
          "cn",
          "de",
          "fr",
          "uk",
          "edu",
          "gov",
          "app",
          "info",
          "biz",
          "xyz",
          "me" ->
          true;
      default -> false;
    };
  }

  private int number(int at, int length) {
    int next = at;
    int digits = 0;
    while (next < length && kindOf(folded[next]) == DIGIT) {
      folded[next++] = '0';
      digits++;
    }
    if (next < length && kindOf(folded[next]) == LETTER) {
      return word(at, length);
    }
    add(CLASS, HASH_NUMBER + Math.min(digits, 5), at, next, false);
    return next;
  }

  /** A run of at most three marks; a mark that is repeated counts at most three times. */
  private int punctuation(int at, int length) {
    char first = folded[at];
    int h = 0x811c9dc5;
    int next = at;
    int taken = 0;
    boolean same = true;
    while (next < length && kindOf(folded[next]) == MARK) {
      char c = folded[next];
      same &= c == first;
      if (taken == 3) {
        if (!same) {
          break;
        }
      } else {
        h = (h ^ c) * 0x01000193;
        taken++;
      }
      next++;
    }
    add(PUNCTUATION, mix(h), at, next, false);
    return next;
  }

  /** A letter of ASCII in lower case; 0 for all other characters. */
  private static int lowerOfAscii(char c) {
    return c < LOWER.length ? LOWER[c] : 0;
  }

  private static char lower(char c) {
    if (c < 128) {
      return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
    }
    return Character.toLowerCase(c);
  }

  static byte kindOf(char c) {
    return c < 128 ? KINDS[c] : kindOfOther(c);
  }

  private static byte kindOfOther(char c) {
    if ((c >= 0x2e80 && c < 0xa000) || (c >= 0xf900 && c < 0xfb00)) {
      return c >= 0x3000 && c < 0x3030 ? (c == 0x3000 ? SPACE : MARK) : IDEOGRAPH;
    }
    return switch (Character.getType(c)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER,
          Character.NON_SPACING_MARK,
          Character.COMBINING_SPACING_MARK ->
          LETTER;
      case Character.SURROGATE -> IDEOGRAPH;
      case Character.DECIMAL_DIGIT_NUMBER -> DIGIT;
      case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
          SPACE;
      case Character.FORMAT, Character.CONTROL, Character.ENCLOSING_MARK -> SKIPPED;
      default -> MARK;
    };
  }

  /** Finaliser of MurmurHash3 (public domain, Austin Appleby). */
  static int mix(int h) {
    int x = h;
    x ^= x >>> 16;
    x *= 0x85ebca6b;
    x ^= x >>> 13;
    x *= 0xc2b2ae35;
    x ^= x >>> 16;
    return x;
  }
}
