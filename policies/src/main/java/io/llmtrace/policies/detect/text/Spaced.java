package io.llmtrace.policies.detect.text;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/**
 * Words whose letters were moved apart: by spaces, with wider spaces between the words, or by dots,
 * dashes, lines, stars or commas, with spaces between the words. What parted two letters belongs to
 * the one before it.
 */
final class Spaced implements Decoder {
  static final String NAME = "spaced";

  /** Letters in a row that show that a text is written so. */
  private static final int SHOWS = 4;

  private static final int LEAST_LETTERS = 6;

  /** More letters than a word has. */
  private static final int LONG_WORD = 16;

  /** What another word costs, since short ones read well by chance. */
  private static final int A_WORD = 5 * Letters.NAT / 2;

  /** What a letter of a common word is worth on top: letters alone part some of them wrongly. */
  private static final int COMMON = 2 * Letters.NAT;

  private static final Set<String> COMMON_WORDS =
      Set.of(
          "the",
          "and",
          "you",
          "your",
          "are",
          "all",
          "any",
          "not",
          "now",
          "with",
          "this",
          "that",
          "what",
          "how",
          "who",
          "for",
          "from",
          "into",
          "have",
          "has",
          "will",
          "can",
          "must",
          "make",
          "made",
          "give",
          "tell",
          "me",
          "my",
          "to",
          "of",
          "in",
          "is",
          "it",
          "as",
          "at",
          "by",
          "do",
          "no",
          "on",
          "or",
          "we",
          "write",
          "print",
          "show",
          "reveal",
          "repeat",
          "ignore",
          "forget",
          "disregard",
          "override",
          "previous",
          "prior",
          "above",
          "below",
          "following",
          "instruction",
          "instructions",
          "rule",
          "rules",
          "system",
          "prompt",
          "message",
          "secret",
          "password",
          "key",
          "user",
          "data",
          "file",
          "send",
          "email",
          "without",
          "please",
          "about",
          "answer",
          "question",
          "pretend",
          "act",
          "mode",
          "developer",
          "bomb",
          "drug",
          "weapon",
          "hack",
          "kill",
          "steal",
          "bypass",
          "filter",
          "safety",
          "restrictions");

  /** Letters of which the words are looked for at a time. */
  private static final int MOST_PARTED = 4096;

  @Override
  public boolean mayApply(Shape shape) {
    return shape.singles >= SHOWS;
  }

  @Override
  public void decode(Form form, Shape shape, Edits edits, Work work) {
    char[] chars = form.chars;
    int before = edits.count();
    int letters = 0;
    int longest = 0;
    for (int i = 0; i < chars.length && !work.spent(1); ) {
      int separatorAt = oneEnd(chars, i);
      if (separatorAt < 0
          || separatorAt >= chars.length
          || !isSeparator(chars[separatorAt])
          || (i > 0 && !beginsAfter(chars[i - 1]))) {
        i = Math.max(separatorAt, i + 1);
        continue;
      }
      int end =
          chars[separatorAt] == ' '
              ? spaces(chars, i, edits, work)
              : separated(chars, i, chars[separatorAt], edits, work);
      if (end > i) {
        int piece = edits.count() - 1;
        int count = letters(edits, piece);
        letters += count;
        longest = Math.max(longest, count);
        i = end;
      } else {
        i = separatorAt;
      }
    }
    if (longest < SHOWS || letters < LEAST_LETTERS) {
      edits.cutTo(before);
    }
  }

  private static boolean beginsAfter(char c) {
    return c == ' ' || (!Character.isLetterOrDigit(c) && !isSeparator(c));
  }

  private static boolean isSeparator(char c) {
    return switch (c) {
      case ' ', '.', '-', '_', '*', '/', '|', '~', ',', '·', '+', ':', '\u00A0' -> true;
      default -> false;
    };
  }

  /** End of one character that is no space, or -1. */
  private static int oneEnd(char[] chars, int at) {
    char c = chars[at];
    if (Character.isWhitespace(c) || c < ' ') {
      return -1;
    }
    boolean pair =
        Character.isHighSurrogate(c)
            && at + 1 < chars.length
            && Character.isLowSurrogate(chars[at + 1]);
    return pair ? at + 2 : at + 1;
  }

  private static int letters(Edits edits, int piece) {
    int letters = 0;
    for (int i = edits.textFrom(piece); i < edits.textTo(piece); i++) {
      letters += Character.isLetter(edits.charAt(i)) ? 1 : 0;
    }
    return letters;
  }

  /** {@code i g n o r e a l l}: everything on its own, one space between, more between words. */
  private static int spaces(char[] chars, int from, Edits edits, Work work) {
    edits.open(from);
    int letters = 0;
    int words = 0;
    int i = from;
    int end = from;
    // Letters without a wider space are taken so many at a time, as the words are looked for.
    while (i < chars.length
        && !work.spent(2)
        && (words > 0 || edits.size() - edits.openedAt() < MOST_PARTED)) {
      int next = oneEnd(chars, i);
      boolean alone = next > 0 && (next == chars.length || Character.isWhitespace(chars[next]));
      if (!alone) {
        break;
      }
      int gap = next;
      while (gap < chars.length && gap - next < 8 && chars[gap] == ' ') {
        gap++;
      }
      boolean goesOn = gap > next && gap < chars.length && !Character.isWhitespace(chars[gap]);
      boolean last = goesOn && !isAlone(chars, gap);
      int sourceEnd = goesOn && !last && gap - next == 1 ? gap : next;
      for (int k = i; k < next; k++) {
        edits.put(chars[k], i, sourceEnd);
      }
      letters += Character.isLetter(chars[i]) ? 1 : 0;
      end = next;
      if (!goesOn || last) {
        break;
      }
      if (gap - next > 1) {
        edits.put(' ', next, gap);
        words++;
      }
      i = gap;
    }
    int count = edits.size() - edits.openedAt();
    boolean letterText = letters >= 3 && letters * 2 >= count - words;
    if (letterText && words == 0 && count > LONG_WORD) {
      return parted(from, end, edits, work);
    }
    if (letterText && Letters.mean(edits.text(), edits.openedAt(), edits.size(), 1) > 0) {
      edits.close(end, NAME);
      return end;
    }
    edits.drop();
    return -1;
  }

  /**
   * Finds the words in letters that all stand the same space apart: of all ways to part them the
   * one in which the words read best.
   */
  private static int parted(int from, int end, Edits edits, Work work) {
    int mark = edits.openedAt();
    int size = Math.min(edits.size() - mark, MOST_PARTED);
    char[] letters = Arrays.copyOfRange(edits.text(), mark, mark + size);
    int[] best = new int[size + 1];
    int[] begin = new int[size + 1];
    for (int to = 1; to <= size; to++) {
      best[to] = Integer.MIN_VALUE;
      for (int at = to - 1; at >= Math.max(0, to - LONG_WORD); at--) {
        if (work.spent(to - at)) {
          edits.drop();
          return -1;
        }
        boolean word = Letters.wordEnd(letters, at, to) == to;
        if (!word && to - at > 1) {
          continue;
        }
        int score = best[at] + (word ? worth(letters, at, to) : -Letters.NAT);
        if (score > best[to]) {
          best[to] = score;
          begin[to] = at;
        }
      }
    }
    boolean[] begins = new boolean[size + 1];
    for (int at = size; at > 0; at = begin[at]) {
      begins[begin[at]] = true;
    }
    if (Letters.mean(letters, 0, size, 1) <= -Letters.NAT / 2) {
      edits.drop();
      return -1;
    }
    int[] sources = new int[size * 2];
    for (int i = 0; i < size; i++) {
      sources[i * 2] = edits.sourceFrom(mark + i);
      sources[i * 2 + 1] = edits.sourceTo(mark + i);
    }
    edits.drop();
    edits.open(from);
    for (int i = 0; i < size; i++) {
      if (begins[i] && i > 0) {
        edits.put(' ', sources[i * 2 - 1] - 1, sources[i * 2 - 1]);
      }
      edits.put(letters[i], sources[i * 2], sources[i * 2 + 1]);
    }
    int to = sources[size * 2 - 1];
    edits.close(to, NAME);
    return Math.min(end, to);
  }

  private static int worth(char[] letters, int from, int to) {
    String word = new String(letters, from, to - from).toLowerCase(Locale.ROOT);
    return Letters.word(letters, from, to)
        - A_WORD
        + (COMMON_WORDS.contains(word) ? COMMON * (to - from) : 0);
  }

  private static boolean isAlone(char[] chars, int at) {
    int next = oneEnd(chars, at);
    return next > 0 && (next == chars.length || Character.isWhitespace(chars[next]));
  }

  /** {@code i-g-n-o-r-e}: one sign between all characters of a word. */
  private static int separated(char[] chars, int from, char sign, Edits edits, Work work) {
    edits.open(from);
    int letters = 0;
    int count = 0;
    int i = from;
    int end = from;
    while (i < chars.length && !work.spent(2)) {
      int next = oneEnd(chars, i);
      if (next < 0) {
        break;
      }
      boolean goesOn =
          next + 1 < chars.length
              && chars[next] == sign
              && !Character.isWhitespace(chars[next + 1])
              && isOne(chars, next + 1, sign);
      boolean ends = next == chars.length || !Character.isLetterOrDigit(chars[next]);
      if (!goesOn && !ends) {
        break;
      }
      for (int k = i; k < next; k++) {
        edits.put(chars[k], i, goesOn ? next + 1 : next);
      }
      letters += Character.isLetter(chars[i]) ? 1 : 0;
      count++;
      end = next;
      if (!goesOn) {
        break;
      }
      i = next + 1;
    }
    if (letters >= 2 && letters * 2 >= count) {
      edits.close(end, NAME);
      return end;
    }
    edits.drop();
    return -1;
  }

  /** Whether one character stands at {@code at} and then the sign or a word's end. */
  private static boolean isOne(char[] chars, int at, char sign) {
    int next = oneEnd(chars, at);
    return next > 0
        && (next == chars.length || chars[next] == sign || !Character.isLetterOrDigit(chars[next]));
  }
}
