package io.llmtrace.policies.detect.text;

import java.util.Arrays;

/**
 * What a form is made of, counted in one pass, so that only decoders that may find something read
 * it again: ordinary prose and code are done after this pass and the one of {@link Words}.
 */
final class Shape {
  private static final int UPPER = 1;
  private static final int LOWER = 2;
  private static final int DIGIT = 4;

  /** Of the base64 alphabets, but no letter or digit. */
  private static final int JOINT = 8;

  private static final int STROKE = 16;
  private static final int SPACE = 32;
  private static final int ALNUM = UPPER | LOWER | DIGIT;
  private static final int MOST_BLANKS = 64;
  private static final int HEX = 128;

  /** Every character beyond ASCII: which of them are letters does not matter here. */
  private static final int BEYOND = 64;

  /** Letters and digits that are counted. */
  private static final int COUNTED = 256;

  private static final int WORD = ALNUM | BEYOND;

  /** Characters between two questions to the budget, as bits; and what they cost. */
  private static final int CHARACTERS = 0xFFF;

  private static final int COST = 0x400;
  private static final int[] KINDS = new int[128];

  /** Letters and digits in a row that may be base64 though they are few. */
  private static final int SHORT_RUN = 8;

  /** Letters and digits in a row that may be base64 whatever they are. */
  private static final int LONG_RUN = 16;

  static {
    Arrays.fill(KINDS, '0', '9' + 1, DIGIT | HEX);
    Arrays.fill(KINDS, 'A', 'Z' + 1, UPPER);
    Arrays.fill(KINDS, 'a', 'z' + 1, LOWER);
    for (char c : "abcdefABCDEF".toCharArray()) {
      KINDS[c] |= HEX;
    }
    KINDS['0'] |= COUNTED;
    KINDS['x'] |= COUNTED;
    KINDS['U'] |= COUNTED;
    KINDS['+'] = KINDS['/'] = KINDS['_'] = JOINT;
    KINDS['-'] = JOINT | STROKE;
    KINDS['.'] = STROKE;
    KINDS[' '] = KINDS['\n'] = KINDS['\t'] = KINDS['\r'] = SPACE;
  }

  private final int[] counts = new int[128];

  /** Characters beyond ASCII. */
  int beyond;

  /** The highest character beyond ASCII. */
  char highest;

  /** Most words of one character in a row. */
  int singles;

  /** Most words of two hex digits in a row. */
  int pairs;

  /** Words of a dozen hex digits or more, some of them decimal. */
  int hexes;

  /** Words of letters and digits. */
  int mixed;

  /** Most numbers of two to five digits in a row. */
  int numbers;

  /** Seven or more zeros and ones. */
  int bits;

  /** Dots and dashes with nothing else before them. */
  int strokes;

  /** Quoted texts with an operator that joins texts and another quote next to them. */
  int joins;

  /** Quotes with an equals sign before them. */
  int assigned;

  /** Quotes with a comma and a quote next to them. */
  int listed;

  /** Backslashes, ampersands and U+ that may begin an escape. */
  int escapes;

  /** Per cent signs with two hex digits behind. */
  int percents;

  /** Equals signs with two hex digits behind. */
  int quoted;

  /** From and to of runs that may be base64 or base32, one after the other. */
  private int[] runs = new int[16];

  private int runCount;

  private Shape() {}

  /** How often an ASCII character occurs; of letters and digits only 0, x and U are counted. */
  int count(char c) {
    return counts[c];
  }

  int runs() {
    return runCount / 2;
  }

  int runFrom(int run) {
    return runs[run * 2];
  }

  int runTo(int run) {
    return runs[run * 2 + 1];
  }

  static Shape of(char[] chars, Work work) {
    Shape shape = new Shape();
    shape.read(chars, work);
    return shape;
  }

  private void read(char[] chars, Work work) {
    int before = SPACE;
    for (int i = 0; i < chars.length; ) {
      char c = chars[i];
      int kind = c < 128 ? KINDS[c] : BEYOND;
      if ((kind & WORD) != 0) {
        i = word(chars, i, work);
        if (work.stopped()) {
          return;
        }
        before = WORD;
        continue;
      }
      if ((i & CHARACTERS) == 0 && work.spent(COST)) {
        return;
      }
      counts[c]++;
      if (kind == 0) {
        sign(chars, i);
      }
      if ((kind & JOINT) != 0) {
        ofRun(i, kind);
      } else {
        endRun(i);
      }
      if ((kind & STROKE) != 0 && (before & (STROKE | SPACE)) != 0) {
        strokes++;
      }
      before = kind;
      i++;
    }
    endRun(chars.length);
  }

  /** Reads the word that begins at {@code from}; its end. */
  private int word(char[] chars, int from, Work work) {
    int all = HEX;
    int first = 0;
    int others = 0;
    int i = from;
    for (; i < chars.length; i++) {
      char c = chars[i];
      int kind = BEYOND;
      if (c < 128) {
        kind = KINDS[c];
        if ((kind & ALNUM) == 0) {
          break;
        }
      } else {
        beyond++;
        highest = (char) Math.max(highest, c);
      }
      if ((i & CHARACTERS) == 0 && work.spent(COST)) {
        return i;
      }
      all &= kind;
      first = i == from ? kind : first;
      others |= i == from ? 0 : kind;
    }
    int kinds = first | others;
    if ((kinds & BEYOND) != 0) {
      runsOf(chars, from, i);
    } else if (runFrom < 0) {
      ofRun(from, first);
      ofRun(from + 1, others);
    } else {
      ofRun(from, kinds);
    }
    if ((kinds & COUNTED) != 0) {
      for (int k = from; k < i; k++) {
        if (chars[k] < 128) {
          counts[chars[k]] += KINDS[chars[k]] / COUNTED;
        }
      }
    }
    count(chars, from, i, kinds & WORD, all == HEX);
    return i;
  }

  /** A run goes on with one or more characters of these kinds, the first of them at {@code at}. */
  private void ofRun(int at, int kinds) {
    if (runFrom < 0) {
      runFrom = at;
      runKinds = 0;
      camel = false;
    }
    runKinds |= kinds;
    camel |= (kinds & UPPER) != 0 && at > runFrom;
  }

  private void endRun(int to) {
    if (runFrom >= 0 && to - runFrom >= SHORT_RUN) {
      boolean odd = (runKinds & LOWER) != 0 && (camel || (runKinds & DIGIT) != 0);
      if (to - runFrom >= LONG_RUN || odd) {
        run(runFrom, to);
      }
    }
    runFrom = -1;
  }

  /** Runs in a word of which some characters are beyond ASCII. */
  private void runsOf(char[] chars, int from, int to) {
    for (int i = from; i < to; i++) {
      if (chars[i] < 128) {
        ofRun(i, KINDS[chars[i]]);
      } else {
        endRun(i);
      }
    }
  }

  private int runFrom = -1;
  private int runKinds;

  /** Whether the run holds a capital that is not its first character. */
  private boolean camel;

  private int singleRun;
  private int pairRun;
  private int numberRun;

  private void count(char[] chars, int from, int to, int kinds, boolean hex) {
    int length = to - from;
    singleRun = length == 1 ? singleRun + 1 : 0;
    singles = Math.max(singles, singleRun);
    pairRun = length == 2 && hex ? pairRun + 1 : 0;
    pairs = Math.max(pairs, pairRun);
    numberRun = kinds == DIGIT && length > 1 && length < 6 ? numberRun + 1 : 0;
    numbers = Math.max(numbers, numberRun);
    if ((kinds & DIGIT) == 0) {
      return;
    }
    if (kinds != DIGIT) {
      mixed++;
    } else if (length >= 7 && chars[from] <= '1' && chars[to - 1] <= '1') {
      bits++;
    }
    if (length >= 12 && hex) {
      hexes++;
    }
  }

  private static boolean isHex(char[] chars, int from, int to) {
    for (int i = from; i < to; i++) {
      int lower = chars[i] | 0x20;
      if (!(chars[i] >= '0' && chars[i] <= '9') && !(lower >= 'a' && lower <= 'f')) {
        return false;
      }
    }
    return true;
  }

  private void sign(char[] chars, int at) {
    char next = at + 1 < chars.length ? chars[at + 1] : ' ';
    switch (chars[at]) {
      case '"', '\'' -> {
        joins += joinsQuotes(chars, at) ? 1 : 0;
        assigned += isAssigned(chars, at) ? 1 : 0;
        listed += next == ',' ? 1 : 0;
      }
      case '\\' ->
          escapes +=
              next == 'u'
                      || next == 'x'
                      || next == 'U'
                      || next == '\\'
                      || next == '0'
                      || next == '1'
                  ? 1
                  : 0;
      case '&' -> escapes += next == '#' || Letters.isLetter(next) ? 1 : 0;
      case '%' -> percents += isHex(chars, at + 1) ? 1 : 0;
      case '=' -> quoted += isHex(chars, at + 1) ? 1 : 0;
      default -> {
        // Only counted.
      }
    }
  }

  /** Whether behind a quote stand a plus, dot or ampersand and another quote. */
  private static boolean joinsQuotes(char[] chars, int quote) {
    int i = blanksEnd(chars, quote + 1);
    if (i >= chars.length || (chars[i] != '+' && chars[i] != '.' && chars[i] != '&')) {
      return false;
    }
    i = blanksEnd(chars, i + 1);
    return i < chars.length && (chars[i] == '"' || chars[i] == '\'');
  }

  /** End of at most so many blanks from {@code from} on. */
  static int blanksEnd(char[] chars, int from) {
    int i = from;
    while (i < chars.length && i - from < MOST_BLANKS && Letters.isWhitespace(chars[i])) {
      i++;
    }
    return i;
  }

  private static boolean isAssigned(char[] chars, int quote) {
    return quote > 1
        && (chars[quote - 1] == '=' || (chars[quote - 1] == ' ' && chars[quote - 2] == '='));
  }

  private static boolean isHex(char[] chars, int at) {
    return at + 1 < chars.length && isHex(chars, at, at + 2);
  }

  private void run(int from, int to) {
    if (runCount == runs.length) {
      runs = Arrays.copyOf(runs, runCount * 2);
    }
    runs[runCount++] = from;
    runs[runCount++] = to;
  }
}
