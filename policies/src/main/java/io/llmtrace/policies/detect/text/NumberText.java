package io.llmtrace.policies.detect.text;

/**
 * Bytes and characters written as numbers: hex (in one run, in pairs, with {@code \x} or {@code 0x}
 * before each), binary groups of eight, decimal and octal lists. A character of the decoded text
 * stands for the digits of its bytes.
 */
final class NumberText implements Decoder {
  private static final int LEAST_BYTES = 6;
  private static final int LEAST_NUMBERS = 6;

  @Override
  public boolean mayApply(Shape shape) {
    return shape.runs() > 0
        || shape.pairs >= LEAST_BYTES
        || shape.bits > 0
        || shape.longDigits > 0
        || shape.numbers >= LEAST_NUMBERS
        || shape.count('x') >= LEAST_BYTES;
  }

  @Override
  public void decode(Form form, Shape shape, Edits edits, Work work) {
    char[] chars = form.chars;
    Octets octets = new Octets();
    for (int i = 0; i < chars.length; ) {
      if (work.spent(1)) {
        return;
      }
      char c = chars[i];
      boolean begins = c < 128 && (hex(c) >= 0 || c == '\\') && !joined(chars, i);
      if (!begins) {
        i++;
        continue;
      }
      int end = bits(chars, i, octets, edits, work);
      if (end < 0) {
        end = pairs(chars, i, octets, edits, work);
      }
      if (end < 0 && c >= '0' && c <= '9') {
        end = list(chars, i, edits, work);
      }
      if (end < 0) {
        end = i + 1;
        while (end < chars.length && isWord(chars[end])) {
          end++;
        }
        if (work.spent(end - i)) {
          return;
        }
      }
      i = end;
    }
  }

  private static boolean joined(char[] chars, int at) {
    return at > 0 && isWord(chars[at - 1]) && chars[at] != '\\';
  }

  private static boolean isWord(char c) {
    return (c < 128 && Character.isLetterOrDigit(c)) || c == '_';
  }

  private static int hex(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    int lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }

  /**
   * Binary from {@code from}: groups of eight, apart or in one run.
   *
   * @return the end of what was read, or -1 if it is none
   */
  private static int bits(char[] chars, int from, Octets octets, Edits edits, Work work) {
    if (chars[from] > '1' || chars[from] < '0') {
      return -1;
    }
    octets.clear();
    int i = from;
    int end = from;
    boolean text = true;
    while (i < chars.length && !work.stopped()) {
      int value = 0;
      int digits = 0;
      while (digits < 8 && i + digits < chars.length && (chars[i + digits] | 1) == '1') {
        value = value << 1 | (chars[i + digits] & 1);
        digits++;
      }
      boolean runsOn = i + digits < chars.length && isWord(chars[i + digits]);
      if (digits < 7 || (digits == 7 && runsOn)) {
        break;
      }
      work.spent(digits);
      text = text && octets.put(value, i, i + digits);
      end = i + digits;
      i = end;
      while (i < chars.length && i - end < 2 && isSeparator(chars[i])) {
        i++;
      }
    }
    if (octets.size() < 2 || (end < chars.length && isWord(chars[end]))) {
      return -1;
    }
    return text ? write(from, end, "binary", octets, edits) : end;
  }

  private static boolean isSeparator(char c) {
    return c == ' ' || c == ',' || c == ':' || c == '-' || c == ';' || c == '\n' || c == '|';
  }

  private static int write(int from, int end, String name, Octets octets, Edits edits) {
    edits.open(from);
    if (octets.writeTo(edits) && Plausible.isText(edits, octets.size())) {
      edits.close(end, name);
    } else {
      edits.drop();
    }
    return end;
  }

  /** Hex from {@code from}; as {@link #bits}. */
  private static int pairs(char[] chars, int from, Octets octets, Edits edits, Work work) {
    octets.clear();
    int i = from;
    int end = from;
    boolean text = true;
    while (i < chars.length && !work.stopped()) {
      int digits = prefixEnd(chars, i);
      boolean prefixed = digits > i;
      int run = digits;
      while (run < chars.length && chars[run] < 128 && hex(chars[run]) >= 0) {
        run++;
        if (prefixed && run - digits == 2 && chars[i] == '\\') {
          break;
        }
      }
      int length = run - digits;
      boolean runsOn = run < chars.length && isWord(chars[run]) && chars[i] != '\\';
      if (length < 2 || length % 2 != 0 || runsOn || (length > 2 && length < 8)) {
        break;
      }
      for (int k = digits; k < run; k += 2) {
        int begin = k == digits ? i : k;
        text = text && octets.put(hex(chars[k]) << 4 | hex(chars[k + 1]), begin, k + 2);
      }
      work.spent(run - i);
      end = run;
      i = end;
      while (i < chars.length && i - end < 2 && isSeparator(chars[i])) {
        i++;
      }
    }
    if (octets.size() < LEAST_BYTES) {
      return -1;
    }
    return text ? write(from, end, "hex", octets, edits) : end;
  }

  /** End of {@code \x}, {@code \\x} or {@code 0x} at {@code at}. */
  private static int prefixEnd(char[] chars, int at) {
    int i = at;
    while (i < chars.length && chars[i] == '\\' && i - at < 4) {
      i++;
    }
    if (i == at && chars[i] == '0') {
      i++;
    }
    return i > at && i < chars.length && (chars[i] | 0x20) == 'x' ? i + 1 : at;
  }

  /** A decimal or octal list from {@code from}; as {@link #bits}. */
  private static int list(char[] chars, int from, Edits edits, Work work) {
    int end = from;
    int count = 0;
    boolean octal = true;
    edits.open(from);
    int mark = edits.size();
    for (int i = from; i < chars.length && !work.stopped(); ) {
      int value = 0;
      int digits = 0;
      while (i + digits < chars.length && digits < 6) {
        char c = chars[i + digits];
        if (c < '0' || c > '9') {
          break;
        }
        value = value * 10 + c - '0';
        octal &= c < '8';
        digits++;
      }
      boolean runsOn = i + digits < chars.length && isWord(chars[i + digits]);
      boolean letter =
          (value >= 32 && value < 127) || value == 10 || value == 13 || isLetter(value);
      if (digits < 2 || digits > 5 || runsOn || !letter) {
        octal &= digits == 3 && !runsOn && value <= 377 && value >= 12;
        if (!octal || digits == 0) {
          break;
        }
      }
      edits.put((char) value, i, i + digits);
      count++;
      end = i + digits;
      i = end;
      work.spent(digits);
      while (i < chars.length && i - end < 3 && isSeparator(chars[i])) {
        i++;
      }
      if (i == end) {
        break;
      }
    }
    if (count < LEAST_NUMBERS) {
      edits.drop();
      return -1;
    }
    int evidence = edits.size() - mark;
    if (Plausible.isProse(edits, LEAST_NUMBERS) && (evidence >= 8 || isAllLetters(edits))) {
      edits.close(end, "charcodes");
    } else {
      edits.drop();
      if (octal) {
        octal(chars, from, end, edits);
      }
    }
    return end;
  }

  private static boolean isLetter(int value) {
    return value >= 0xC0 && value < 0x600 && Character.isLetter(value);
  }

  private static boolean isAllLetters(Edits edits) {
    for (int i = edits.openedAt(); i < edits.size(); i++) {
      if (!Character.isLetter(edits.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private static void octal(char[] chars, int from, int to, Edits edits) {
    edits.open(from);
    for (int i = from; i < to; ) {
      int value = 0;
      int begin = i;
      while (i < to && chars[i] >= '0' && chars[i] <= '7') {
        value = value * 8 + chars[i++] - '0';
      }
      if (i == begin) {
        i++;
      } else if (value < 32 && value != '\n') {
        edits.drop();
        return;
      } else {
        edits.put((char) value, begin, i);
      }
    }
    if (Plausible.isProse(edits, LEAST_NUMBERS)) {
      edits.close(to, "charcodes");
    } else {
      edits.drop();
    }
  }
}
