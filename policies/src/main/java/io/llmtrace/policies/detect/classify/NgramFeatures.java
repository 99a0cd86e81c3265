package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.exchange.Zone;

/**
 * The features of a token, as numbers of 32 bits that the model folds into its table: the one place
 * where they are made, for training and for inference. Not thread-safe: one object reads one text
 * after another.
 *
 * <p>A feature belongs to the token it ends at, so a window's score is a difference of two prefix
 * sums and any number of windows of any size cost one pass over the text. The price: the first
 * words of a window see up to two words before it.
 *
 * <p>Features: words alone, in twos and threes, in twos with one word left out; at the beginning of
 * a sentence; together with the zone; characters in threes to fives within a word and its borders;
 * marks with their neighbours. The same kind of features as fastText (Joulin et al. 2016, "Bag of
 * Tricks for Efficient Text Classification"), without its hidden layer.
 */
final class NgramFeatures {
  /** Most features of one token: some thirteen of words, four for each character. */
  static final int MOST = 16 + 4 * (Tokens.LONGEST_WORD + 2);

  private static final int UNIGRAM = 0x9e3779b1;
  private static final int BIGRAM = 0x85ebca77;
  private static final int TRIGRAM = 0xc2b2ae3d;
  private static final int SKIP = 0x27d4eb2f;
  private static final int START = 0x165667b1;
  private static final int START_TWO = 0x2545f491;
  private static final int ZONED = 0x6a09e667;
  private static final int ZONED_TWO = 0x3c6ef372;
  private static final int AFTER_MARK = 0x510e527f;
  private static final int MARKS = 0x1f83d9ab;
  private static final int CAPITALS = 0x5be0cd19;
  private static final int CHARACTERS = 0x428a2f98;

  final Tokens tokens = new Tokens();
  private int zone;
  private int last;
  private int lastButOne;
  private boolean lastAtStart;

  /** Zones that the model tells apart: who wrote the text. */
  static int zoneGroup(Zone zone) {
    return switch (zone) {
      case SYSTEM -> 0;
      case USER, ASSISTANT -> 1;
      case DOCUMENT, METADATA -> 2;
      case TOOL_CALL, TOOL_RESULT -> 3;
    };
  }

  static final int ZONE_GROUPS = 4;

  void read(String text, int start, int end, Zone zoneOfText) {
    tokens.read(text, start, end);
    zone = zoneGroup(zoneOfText) + 1;
    last = 0;
    lastButOne = 0;
    lastAtStart = false;
  }

  /**
   * Writes the features of token {@code t} to {@code out} and answers how many they are. Tokens
   * must be asked for in their order, each once.
   */
  int of(int t, int[] out) {
    return switch (tokens.kind[t]) {
      case Tokens.WORD, Tokens.CLASS -> word(t, out);
      default -> mark(t, out);
    };
  }

  private int word(int t, int[] out) {
    int w = tokens.hash[t];
    int n = 0;
    out[n++] = w * UNIGRAM;
    out[n++] = Tokens.mix(w + zone * ZONED);
    int two = Tokens.mix(last * BIGRAM + w);
    out[n++] = two;
    out[n++] = Tokens.mix(two + zone * ZONED_TWO);
    out[n++] = Tokens.mix(lastButOne * TRIGRAM + two);
    out[n++] = Tokens.mix(lastButOne * SKIP + w);
    boolean start = startsSentence(t);
    if (start) {
      out[n++] = Tokens.mix(w ^ START);
      out[n++] = Tokens.mix((w ^ START) + zone * ZONED);
    } else if (lastAtStart) {
      out[n++] = Tokens.mix(two ^ START_TWO);
    }
    if (t > 0 && tokens.kind[t - 1] == Tokens.PUNCTUATION) {
      out[n++] = Tokens.mix(tokens.hash[t - 1] * AFTER_MARK + w);
    }
    if (tokens.capitals[t]) {
      out[n++] = CAPITALS;
    }
    if (tokens.kind[t] == Tokens.WORD) {
      n = characters(t, out, n);
    }
    lastButOne = last;
    last = w;
    lastAtStart = start;
    return n;
  }

  private int mark(int t, int[] out) {
    int m = tokens.hash[t];
    int n = 0;
    out[n++] = m * UNIGRAM;
    out[n++] = Tokens.mix(m + zone * ZONED);
    if (t > 0) {
      out[n++] = Tokens.mix(tokens.hash[t - 1] * MARKS + m);
    }
    return n;
  }

  private boolean startsSentence(int t) {
    if (t == 0) {
      return true;
    }
    if (tokens.kind[t - 1] == Tokens.BREAK) {
      return true;
    }
    if (tokens.kind[t - 1] != Tokens.PUNCTUATION) {
      return false;
    }
    char mark = tokens.folded[tokens.to[t - 1] - 1 - tokens.start];
    return mark != ',' && mark != '-' && mark != '/' && mark != '\'';
  }

  /** Characters in threes to fives, with a border before and after the word; Hangul in twos. */
  private int characters(int t, int[] out, int count) {
    int n = count;
    int from = tokens.from[t] - tokens.start;
    int to = tokens.to[t] - tokens.start;
    int a = 0;
    int b = 0;
    int c = 0;
    int d = ' ';
    int seen = 1;
    for (int i = from; i <= to; i++) {
      int e = i == to ? ' ' : tokens.folded[i];
      if (e == '\'') {
        continue;
      }
      int h = (d * 0x01000193 + e) * CHARACTERS;
      seen++;
      if (seen > 2) {
        h = (h ^ c) * 0x2c1b3c6d;
        out[n++] = h ^ h >>> 15;
        if (seen > 3) {
          h = (h ^ b) * 0x297a2d39;
          out[n++] = h ^ h >>> 15;
          if (seen > 4) {
            h = (h ^ a) * 0x1b56c4e9;
            out[n++] = h ^ h >>> 15;
          }
        }
      } else if (e >= 0xac00 && e < 0xd7a4) {
        out[n++] = h ^ h >>> 15;
      }
      a = b;
      b = c;
      c = d;
      d = e;
    }
    return n;
  }
}
