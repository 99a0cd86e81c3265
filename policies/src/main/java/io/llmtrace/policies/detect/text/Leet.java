package io.llmtrace.policies.detect.text;

import java.util.Arrays;

/**
 * Leetspeak: digits and signs in place of the letters they look like. Where a digit may be two
 * letters, the one counts with which the word reads better.
 *
 * <p>Names of products, versions and keys are letters and digits too. So a stretch of text is read
 * as leetspeak only if it holds several words that become ordinary ones, with the digit not only at
 * their end.
 */
final class Leet implements Decoder {
  static final String NAME = "leet";

  private static final String FROM = "0134567899@$|!+1";
  private static final String TO = "oieasgtbgqaslitl";
  private static final int LONGEST = 32;

  /** What words speak for leetspeak at least in all, and in a text of a line or two. */
  private static final int LEAST = 20;

  private static final int SPARSE = 12;

  /** What may speak against it between two words that speak for it. */
  private static final int PATIENCE = 16;

  /** How much better than its letters alone a word must read. */
  private static final int LEAST_GAIN = 3 * Letters.NAT;

  /** Words that were counted are remembered by so many hash values: a name counts once. */
  private static final int REMEMBERED = 256;

  private static final int MOST_CHOICES = 4;

  /** Characters that are passed over between two questions to the budget: so many bits. */
  private static final int SKIPPED = 0x3FF;

  /** Of ASCII characters, those that tokens are of: letters, and digits and signs. */
  private static final byte[] PARTS = new byte[128];

  private static final byte LETTER = 1;
  private static final byte SIGN = 2;

  private static final char[] FIRST = new char[128];
  private static final char[] SECOND = new char[128];

  static {
    for (char c = 0; c < PARTS.length; c++) {
      boolean letter = Letters.isLetter(c);
      boolean sign = c == '@' || c == '$' || c == '!' || c == '|';
      PARTS[c] = letter ? LETTER : sign || Letters.isLetterOrDigit(c) ? SIGN : 0;
    }
    for (int i = 0; i < FROM.length(); i++) {
      char c = FROM.charAt(i);
      if (FIRST[c] == 0) {
        FIRST[c] = TO.charAt(i);
      } else {
        SECOND[c] = TO.charAt(i);
      }
    }
  }

  @Override
  public boolean mayApply(Shape shape) {
    return shape.mixed >= 1 || shape.count('@') + shape.count('$') > 1;
  }

  @Override
  public void decode(Form form, Shape shape, Edits edits, Work work) {
    char[] chars = form.chars;
    char[] decoded = new char[LONGEST];
    boolean sparse = chars.length < 120;
    Words.Stretch stretch = new Words.Stretch(sparse ? SPARSE : LEAST, PATIENCE);
    Edits tried = new Edits();
    int[] counted = new int[REMEMBERED];
    Kept kept = new Kept();
    int token = 0;
    for (int i = 0; i < chars.length && !work.spent(1); ) {
      if (stretch.isIdle()) {
        int next = nextMixed(chars, i, work);
        if (next == chars.length) {
          break;
        }
        i = next;
      }
      if (!isPart(chars[i])) {
        i++;
        continue;
      }
      int end = i;
      boolean letters = true;
      while (end < chars.length && isPart(chars[end])) {
        letters &= Letters.isLetter(chars[end]);
        end++;
      }
      int to = end;
      while (to > i && isTrailing(chars[to - 1])) {
        to--;
      }
      work.spent(2 * (end - i));
      // Most tokens are words and say nothing for it, whatever they say.
      int gain = letters ? word(end - i) : token(chars, i, to, decoded, tried, work);
      kept.tokenOf(tried.count(), token);
      if (gain > 0) {
        int hash = new String(chars, i, to - i).hashCode();
        gain = counted[hash & (REMEMBERED - 1)] == hash ? 0 : gain;
        counted[hash & (REMEMBERED - 1)] = hash;
      }
      if (stretch.add(token, gain)) {
        kept.take(stretch, tried, edits);
      }
      token++;
      i = end;
    }
    if (stretch.found()) {
      kept.take(stretch, tried, edits);
    }
  }

  /**
   * Where the next token of letters and others begins: before a stretch has begun, all that others
   * say is nothing or against it, and what they would read is taken by no stretch.
   *
   * @param from begins no token in the middle
   * @return the text's length if there is none, or no time for it
   */
  private static int nextMixed(char[] chars, int from, Work work) {
    int token = from;
    int kinds = 0;
    for (int i = from; i < chars.length; i++) {
      char c = chars[i];
      int part = c < PARTS.length ? PARTS[c] : 0;
      if (part == 0) {
        token = i + 1;
        kinds = 0;
      } else {
        kinds |= part;
        if (kinds == (LETTER | SIGN)) {
          return work.spent((i - from) & SKIPPED) ? chars.length : token;
        }
      }
      if (((i - from) & SKIPPED) == SKIPPED && work.spent(SKIPPED)) {
        return chars.length;
      }
    }
    return chars.length;
  }

  /** Knows at which token each piece was tried, and copies those of a stretch that counts. */
  private static final class Kept {
    private int[] tokens = new int[16];
    private int known;
    private int copied;

    void tokenOf(int pieces, int token) {
      if (pieces > known) {
        if (known == tokens.length) {
          tokens = Arrays.copyOf(tokens, known * 2);
        }
        tokens[known++] = token;
      }
    }

    void take(Words.Stretch stretch, Edits tried, Edits edits) {
      for (; copied < known && tokens[copied] <= stretch.last(); copied++) {
        if (tokens[copied] >= stretch.first()) {
          edits.copy(tried, copied);
        }
      }
      stretch.clear();
    }
  }

  private static boolean isPart(char c) {
    return c < PARTS.length && PARTS[c] != 0;
  }

  private static boolean isTrailing(char c) {
    return c == '!' || c == '|' || c == '$';
  }

  /** How much letters alone speak for leetspeak. */
  private static int word(int length) {
    return length == 0 || length > LONGEST ? -4 : length > 1 ? -1 : 0;
  }

  /** Writes what a token says, if it may be one; how much it speaks for leetspeak. */
  private static int token(char[] chars, int from, int to, char[] decoded, Edits edits, Work work) {
    int length = to - from;
    int letters = 0;
    int signs = 0;
    int lastLetter = -1;
    int firstSign = -1;
    int ambiguous = 0;
    if (length == 0 || length > LONGEST) {
      return word(length);
    }
    for (int i = from; i < to; i++) {
      char c = chars[i];
      if (Letters.isLetter(c)) {
        letters++;
        lastLetter = i;
        decoded[i - from] = c;
      } else if (FIRST[c] != 0) {
        signs++;
        firstSign = firstSign < 0 ? i : firstSign;
        ambiguous += SECOND[c] != 0 ? 1 : 0;
        decoded[i - from] = FIRST[c];
      } else {
        return -4;
      }
    }
    if (signs == 0) {
      return word(length);
    }
    int score = choose(chars, from, length, ambiguous, decoded, work);
    boolean reads = score * 2 >= length * Letters.NAT;
    if (!reads || (letters == 0 && length > 4)) {
      return letters == 0 ? 0 : -4;
    }
    edits.open(from);
    for (int i = 0; i < length; i++) {
      edits.put(decoded[i], from + i, from + i + 1);
    }
    edits.close(to, NAME);
    // A name with a number in it reads as well without: it says nothing either way.
    boolean inside = firstSign < lastLetter;
    boolean better = score - fragments(chars, from, to) >= LEAST_GAIN;
    if (letters == 0 || !inside || !better) {
      return 0;
    }
    return length < 3 ? 4 : length < 5 ? 8 : 12;
  }

  /** Score of the letters between the signs, as words of their own. */
  private static int fragments(char[] chars, int from, int to) {
    int score = 0;
    for (int i = from; i < to; ) {
      int end = Letters.wordEnd(chars, i, to);
      if (end > i) {
        score += Letters.word(chars, i, end);
      }
      i = Math.max(end, i + 1);
    }
    return score;
  }

  /** Takes the reading of each ambiguous sign that makes the best word; its score. */
  private static int choose(
      char[] chars, int from, int length, int ambiguous, char[] decoded, Work work) {
    int choices = 1 << Math.min(ambiguous, MOST_CHOICES);
    int best = Integer.MIN_VALUE;
    int bestChoice = 0;
    for (int choice = 0; choice < choices; choice++) {
      pick(chars, from, length, choice, decoded);
      work.spent(length);
      int score = Letters.word(decoded, 0, length);
      if (score > best) {
        best = score;
        bestChoice = choice;
      }
    }
    pick(chars, from, length, bestChoice, decoded);
    return best;
  }

  private static void pick(char[] chars, int from, int length, int choice, char[] decoded) {
    int bit = 0;
    for (int i = 0; i < length; i++) {
      char c = chars[from + i];
      if (!Letters.isLetter(c) && SECOND[c] != 0) {
        boolean second = bit < MOST_CHOICES && (choice >> bit & 1) == 1;
        decoded[i] = second ? SECOND[c] : FIRST[c];
        bit++;
      }
    }
  }
}
