package io.llmtrace.policies.detect.text;

import java.util.Arrays;

/**
 * Base64, standard and URL-safe, with padding or without, whole or wrapped over lines; and base32.
 * A character of the decoded text stands for the groups that its bytes came from: four characters
 * of base64, eight of base32.
 */
final class Base64Text implements Decoder {
  private static final byte[] SIX_BITS = new byte[128];
  private static final byte[] FIVE_BITS = new byte[128];

  static {
    Arrays.fill(SIX_BITS, (byte) -1);
    Arrays.fill(FIVE_BITS, (byte) -1);
    for (int i = 0; i < 26; i++) {
      SIX_BITS['A' + i] = (byte) i;
      SIX_BITS['a' + i] = (byte) (26 + i);
      FIVE_BITS['A' + i] = (byte) i;
    }
    for (int i = 0; i < 10; i++) {
      SIX_BITS['0' + i] = (byte) (52 + i);
    }
    for (int i = 0; i < 6; i++) {
      FIVE_BITS['2' + i] = (byte) (26 + i);
    }
    SIX_BITS['+'] = SIX_BITS['-'] = 62;
    SIX_BITS['/'] = SIX_BITS['_'] = 63;
  }

  @Override
  public boolean mayApply(Shape shape) {
    return shape.runs() > 0;
  }

  @Override
  public void decode(Form form, Shape shape, Edits edits, Work work) {
    Octets octets = new Octets(work);
    int read = 0;
    int wrappedTo = 0;
    for (int run = 0; run < shape.runs(); run++) {
      int from = shape.runFrom(run);
      int to = shape.runTo(run);
      if (work.spent(to - from)) {
        return;
      }
      if (from < read) {
        continue;
      }
      // Lines that are no text together are tried one by one, so that none is read over and over.
      int end = from < wrappedTo ? to : wrapped(form.chars, from, to, work);
      wrappedTo = Math.max(wrappedTo, end);
      if (end > to && group(form.chars, from, end, 64, octets, edits, work)) {
        read = edits.to(edits.count() - 1);
      } else if (group(form.chars, from, to, 64, octets, edits, work)
          || (isBase32(form.chars, from, to)
              && group(form.chars, from, to, 32, octets, edits, work))) {
        read = edits.to(edits.count() - 1);
      } else {
        parts(form.chars, from, to, octets, edits, work);
      }
    }
  }

  /** End of a run that goes on over the following lines: all but the last are as long as it. */
  private static int wrapped(char[] chars, int from, int to, Work work) {
    int width = to - from;
    if (width < 16 || width % 4 != 0) {
      return to;
    }
    int end = to;
    while (true) {
      int next = lineAfter(chars, end);
      if (next < 0) {
        return end;
      }
      int i = next;
      while (i < chars.length && i - next < width && isSixBits(chars[i])) {
        i++;
      }
      boolean stops = i == chars.length || !isSixBits(chars[i]);
      if (i == next || !stops || work.spent(i - next)) {
        return end;
      }
      end = i;
      if (i - next < width) {
        return end;
      }
    }
  }

  /** First character of the next line if the line ends at {@code at}, also in a quoted text. */
  private static int lineAfter(char[] chars, int at) {
    int i = at;
    if (i < chars.length && chars[i] == '\r') {
      i++;
    }
    if (i < chars.length && chars[i] == '\n') {
      i++;
    } else if (i + 1 < chars.length && chars[i] == '\\' && chars[i + 1] == 'n') {
      i += 2;
    } else {
      return -1;
    }
    while (i < chars.length && (chars[i] == ' ' || chars[i] == '\t' || chars[i] == '>')) {
      i++;
    }
    return i < chars.length ? i : -1;
  }

  private static boolean isSixBits(char c) {
    return c < 128 && SIX_BITS[c] >= 0;
  }

  private static boolean isBase32(char[] chars, int from, int to) {
    for (int i = from; i < to; i++) {
      if (FIVE_BITS[chars[i]] < 0) {
        return false;
      }
    }
    return to - from >= 16;
  }

  /** What was joined with a path or a word by a sign that is of the alphabet as well. */
  private static void parts(char[] chars, int from, int to, Octets octets, Edits edits, Work work) {
    int part = from;
    for (int i = from; i <= to; i++) {
      if (i == to || !Character.isLetterOrDigit(chars[i])) {
        if (i - part >= 12 && i - part < to - from && !work.spent(i - part)) {
          group(chars, part, i, 64, octets, edits, work);
        }
        part = i + 1;
      }
    }
  }

  private static boolean group(
      char[] chars, int from, int to, int base, Octets octets, Edits edits, Work work) {
    int bits = base == 64 ? 6 : 5;
    int width = base == 64 ? 4 : 8;
    byte[] values = base == 64 ? SIX_BITS : FIVE_BITS;
    octets.clear();
    int buffer = 0;
    int have = 0;
    int digits = 0;
    int groupFrom = from;
    int groupTo = from;
    boolean inGroup = false;
    for (int i = from; i < to; i++) {
      char c = chars[i];
      int value = c < 128 ? values[c] : -1;
      // Only a line's end stands inside a wrapped piece; its "\n" is skipped as two characters.
      if (value < 0 || (i > from && c == 'n' && chars[i - 1] == '\\')) {
        continue;
      }
      if (!inGroup || digits % width == 0) {
        groupFrom = i;
        groupTo = groupEnd(chars, i, to, values, width);
        inGroup = true;
      }
      digits++;
      if ((digits & 0x3FF) == 0 && work.spent(0x400)) {
        return false;
      }
      buffer = buffer << bits | value;
      have += bits;
      if (have >= 8) {
        have -= 8;
        if (!octets.put(buffer >> have & 0xFF, groupFrom, groupTo)) {
          return false;
        }
      }
    }
    edits.open(from);
    if (octets.writeTo(edits) && Plausible.isText(edits, octets.size())) {
      int end = to;
      while (end < chars.length && chars[end] == '=' && end - to < 6) {
        end++;
      }
      edits.close(end, base == 64 ? "base64" : "base32");
      return true;
    }
    edits.drop();
    return false;
  }

  private static int groupEnd(char[] chars, int from, int to, byte[] values, int width) {
    int i = from;
    int end = from;
    for (int seen = 0; i < to && seen < width; i++) {
      if (chars[i] < 128 && values[chars[i]] >= 0) {
        seen++;
        end = i + 1;
      }
    }
    return end;
  }
}
