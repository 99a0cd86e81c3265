package io.llmtrace.policies.detect.text;

import java.util.Arrays;

/**
 * The words of a form, and the stretches of them that look like no language: where letters were
 * exchanged or turned round. Found in one pass, by a running sum that falls with every word that
 * reads well.
 */
final class Words {
  /** What a letter of an ordinary word scores at least. */
  private static final int ORDINARY = Letters.NAT / 2;

  /** How strange a stretch is at least, in all. */
  static final int STRANGE = 10 * Letters.NAT;

  /** How much may read well in the middle of a strange stretch: short words do by chance. */
  static final int PATIENCE = 7 * Letters.NAT;

  private static final int MANY = 28 * Letters.NAT;
  private static final int MANY_WORDS = 4;

  /** Letters that are read as one word; more are no word, and the budget is asked between words. */
  private static final int MOST_LETTERS = 4096;

  /** Room for the words of a text of some kilobytes; more is made as it is needed. */
  private static final int MOST_ROOM = 4096;

  private int[] bounds;
  private int count;
  private int letters;

  /** First and last word of each strange stretch. */
  private int[] strange = new int[4];

  private int strangeCount;

  private Words(int length) {
    // Two for each word.
    bounds = new int[Math.min(MOST_ROOM, 2 * (length / 4 + 8))];
  }

  static Words of(char[] chars, Work work) {
    Words words = new Words(chars.length);
    words.read(chars, work);
    return words;
  }

  /**
   * The best stretch of a sequence of gains: where their sum is greatest, ended when it has fallen
   * by more than the patience.
   */
  static final class Stretch {
    private final int least;
    private final int patience;
    private int sum;
    private int best;
    private int first;
    private int last = -1;

    Stretch(int least, int patience) {
      this.least = least;
      this.patience = patience;
    }

    /** Adds the gain of an element; true if a stretch ended before it, which is to be taken. */
    boolean add(int index, int gain) {
      if (sum == 0 && gain > 0) {
        first = index;
        best = 0;
        last = index;
      }
      sum = sum == 0 ? Math.max(0, gain) : sum + gain;
      if (sum > best) {
        best = sum;
        last = index;
      }
      if (sum > 0 && sum >= best - patience) {
        return false;
      }
      sum = 0;
      return found();
    }

    /** Whether none has begun: gains of nothing or less then change nothing. */
    boolean isIdle() {
      return sum == 0 && best < least;
    }

    boolean found() {
      return best >= least;
    }

    int first() {
      return first;
    }

    int last() {
      return last;
    }

    int total() {
      return best;
    }

    /** Begins anew after a stretch was taken. */
    void clear() {
      sum = 0;
      best = 0;
    }
  }

  private void read(char[] chars, Work work) {
    Stretch stretch = new Stretch(STRANGE, PATIENCE);
    for (int i = 0; i < chars.length; ) {
      long scored = Letters.scoredWord(chars, i, Math.min(chars.length, i + MOST_LETTERS));
      int end = (int) scored;
      if (end > i) {
        int gain = ORDINARY * (end - i) - (int) (scored >> Integer.SIZE);
        if (stretch.add(count, gain)) {
          take(stretch);
        }
        word(i, end);
      }
      int next = Math.max(end, i + 1);
      if (work.spent(next - i)) {
        break;
      }
      i = next;
    }
    if (stretch.found()) {
      take(stretch);
    }
  }

  private void take(Stretch stretch) {
    if (strangeCount == strange.length) {
      strange = Arrays.copyOf(strange, strangeCount * 2);
    }
    strange[strangeCount++] = stretch.first();
    strange[strangeCount++] = stretch.last();
    stretch.clear();
  }

  private void word(int from, int to) {
    if (count == bounds.length) {
      bounds = Arrays.copyOf(bounds, count * 2);
    }
    letters += to - from;
    bounds[count++] = from;
    bounds[count++] = to;
  }

  int stretches() {
    return strangeCount / 2;
  }

  /**
   * Whether a stretch that was undone counts: a few words of a long text read better backwards or
   * shifted by chance, so they must be many, or most of the text.
   *
   * @param gain how much better they read, in all
   * @param score how well they read, in all
   */
  boolean counts(Stretch stretch, int undone, int gain, int score) {
    boolean reads = score * 2 >= undone * Letters.NAT && gain * 2 >= undone * Letters.NAT;
    int wordCount = (stretch.last() - stretch.first()) + 1;
    boolean many = gain >= MANY && wordCount >= MANY_WORDS;
    return reads && (many || undone * 2 >= letters);
  }

  /** Number of the first word of a stretch. */
  int first(int stretch) {
    return strange[stretch * 2] / 2;
  }

  int last(int stretch) {
    return strange[stretch * 2 + 1] / 2;
  }

  int from(int word) {
    return bounds[word * 2];
  }

  int to(int word) {
    return bounds[word * 2 + 1];
  }
}
