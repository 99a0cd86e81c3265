package io.llmtrace.policies.detect.text;

/**
 * Text in characters that are not shown: ASCII as tag characters (U+E0000 and on), bytes as
 * variation selectors, bits as two kinds of zero-width characters. Read from the text as it stands,
 * since folding takes them away.
 */
final class Hidden implements Decoder {
  private static final String NAME = "tags";
  private static final int LEAST_BYTES = 3;

  static final int BLACK_FLAG = 0x1F3F4;

  /** Tags that a flag has at most, its end counted: a country and a part of it. */
  static final int LONGEST_FLAG = 7;

  /** The first character that is not seen; those that turn the direction of writing follow it. */
  static final char LEAST = '\u200B';

  @Override
  public boolean mayApply(Shape shape) {
    return shape.highest >= LEAST;
  }

  @Override
  public void decode(Form form, Shape shape, Edits edits, Work work) {
    char[] chars = form.chars;
    Octets octets = new Octets(work);
    for (int i = 0; i < chars.length && !work.spent(1); ) {
      if (chars[i] < LEAST) {
        i++;
        continue;
      }
      int codePoint = Character.codePointAt(chars, i);
      int end = i;
      if (isTag(codePoint)) {
        end = tags(chars, i, edits, work);
      } else if (selector(codePoint) >= 0) {
        end = selectors(chars, i, octets, edits, work);
      } else if (isZeroWidth(codePoint)) {
        end = bits(chars, i, octets, edits, work);
      }
      i = Math.max(end, i + 1);
    }
  }

  static boolean isTag(int codePoint) {
    return codePoint >= 0xE0000 && codePoint <= 0xE007F;
  }

  private static int tags(char[] chars, int from, Edits edits, Work work) {
    // A black flag before tags is the flag of a country's part, not a message.
    boolean flag = from >= 2 && Character.codePointBefore(chars, from) == BLACK_FLAG;
    edits.open(from);
    int mark = edits.size();
    int i = from;
    while (i < chars.length && !work.spent(1)) {
      int codePoint = Character.codePointAt(chars, i);
      if (!isTag(codePoint)) {
        break;
      }
      int ascii = codePoint - 0xE0000;
      if (ascii >= 0x20 && ascii < 0x7F) {
        edits.put((char) ascii, i, i + 2);
      }
      i += 2;
    }
    int count = edits.size() - mark;
    if (count > (flag ? LONGEST_FLAG : 0)) {
      edits.close(i, NAME);
    } else {
      edits.drop();
    }
    return i;
  }

  /** The byte that a variation selector stands for, in their order, or -1. */
  private static int selector(int codePoint) {
    if (codePoint >= 0xFE00 && codePoint <= 0xFE0F) {
      return codePoint - 0xFE00;
    }
    return codePoint >= 0xE0100 && codePoint <= 0xE01EF ? codePoint - 0xE0100 + 16 : -1;
  }

  private static int selectors(char[] chars, int from, Octets octets, Edits edits, Work work) {
    octets.clear();
    boolean text = true;
    int i = from;
    while (i < chars.length && !work.spent(1)) {
      int codePoint = Character.codePointAt(chars, i);
      int value = selector(codePoint);
      if (value < 0) {
        break;
      }
      int end = i + Character.charCount(codePoint);
      text = text && octets.put(value, i, end);
      i = end;
    }
    if (text && octets.size() >= LEAST_BYTES) {
      edits.open(from);
      if (octets.writeTo(edits)) {
        edits.close(i, NAME);
      } else {
        edits.drop();
      }
    }
    return i;
  }

  static boolean isZeroWidth(int codePoint) {
    return (codePoint >= 0x200B && codePoint <= 0x200F)
        || (codePoint >= 0x2060 && codePoint <= 0x2064)
        || codePoint == 0xFEFF;
  }

  /** Eight characters of two kinds for each byte; which kind is 1 is tried both ways. */
  private static int bits(char[] chars, int from, Octets octets, Edits edits, Work work) {
    int end = from;
    char zero = chars[from];
    char one = 0;
    while (end < chars.length && isZeroWidth(chars[end]) && !work.spent(1)) {
      if (chars[end] != zero) {
        if (one != 0 && chars[end] != one) {
          return end;
        }
        one = chars[end];
      }
      end++;
    }
    if (one != 0 && end - from >= 8 * LEAST_BYTES) {
      if (!bits(chars, from, end, one, octets, edits, work)) {
        bits(chars, from, end, zero, octets, edits, work);
      }
    }
    return end;
  }

  private static boolean bits(
      char[] chars, int from, int to, char one, Octets octets, Edits edits, Work work) {
    octets.clear();
    for (int i = from; i + 8 <= to && !work.spent(8); i += 8) {
      int value = 0;
      for (int k = 0; k < 8; k++) {
        value = value << 1 | (chars[i + k] == one ? 1 : 0);
      }
      if (!octets.put(value, i, i + 8)) {
        return false;
      }
    }
    edits.open(from);
    if (octets.writeTo(edits) && Plausible.isText(edits, octets.size())) {
      edits.close(to, NAME);
      return true;
    }
    edits.drop();
    return false;
  }
}
