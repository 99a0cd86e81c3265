package io.llmtrace.policies.detect.text;

/**
 * Bytes and characters written as numbers: hex (in one run, in pairs, with {@code \x} or {@code 0x}
 * before each), binary groups of eight, decimal and octal lists. A character of the decoded text
 * stands for the digits of its bytes.
 */
final class NumberText implements Decoder {
  private static final int LEAST_BYTES = 6;
  private static final int LEAST_NUMBERS = 6;

  /** Numbers from which on, if they are all characters that encodings use, they are no table. */
  private static final int MANY_NUMBERS = 24;

  /** Characters that are passed over between two questions to the budget: so many bits. */
  private static final int SKIPPED = 0x3FF;

  private static final byte OTHER = 0;

  /** Letters, digits and the underscore that are no hex digits. */
  private static final byte WORD = 1;

  private static final byte HEX = 2;
  private static final byte BACKSLASH = 3;
  private static final byte[] KINDS = new byte[128];

  static {
    for (char c = 0; c < KINDS.length; c++) {
      KINDS[c] = hex(c) >= 0 ? HEX : Letters.isLetterOrDigit(c) || c == '_' ? WORD : OTHER;
    }
    KINDS['\\'] = BACKSLASH;
  }

  @Override
  public boolean mayApply(Shape shape) {
    return shape.hexes > 0
        || shape.pairs >= LEAST_BYTES
        || shape.bits > 0
        || shape.numbers >= LEAST_NUMBERS
        || (shape.count('x') >= LEAST_BYTES && shape.count('0') + shape.count('\\') >= LEAST_BYTES);
  }

  @Override
  public void decode(Form form, Shape shape, Edits edits, Work work) {
    char[] chars = form.chars;
    Octets octets = new Octets(work);
    for (int i = next(chars, 0, work); i < chars.length; ) {
      int end = bits(chars, i, octets, edits, work);
      if (end < 0) {
        end = hexOrList(chars, i, octets, edits, work);
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
      i = next(chars, end, work);
    }
  }

  /** The next place at which a number may begin; the text's length if there is none, or no time. */
  private static int next(char[] chars, int from, Work work) {
    boolean inWord = from > 0 && isWord(chars[from - 1]);
    for (int i = from; i < chars.length; i++) {
      char c = chars[i];
      int kind = c < KINDS.length ? KINDS[c] : OTHER;
      if (kind == BACKSLASH || (kind == HEX && !inWord)) {
        return work.spent(((i - from) & SKIPPED) + 1) ? chars.length : i;
      }
      inWord = kind != OTHER;
      if (((i - from) & SKIPPED) == SKIPPED && work.spent(SKIPPED)) {
        return chars.length;
      }
    }
    return chars.length;
  }

  /** Pairs of decimal digits may be hex or a list: what reads better counts. */
  private static int hexOrList(char[] chars, int from, Octets octets, Edits edits, Work work) {
    int before = edits.count();
    int hexEnd = pairs(chars, from, octets, edits, work);
    int hex = edits.count() > before ? mean(edits, before) : Integer.MIN_VALUE;
    boolean decimal = chars[from] >= '0' && chars[from] <= '9' && isDecimal(chars, from, hexEnd);
    if (!decimal || work.spent(Math.max(0, hexEnd - from))) {
      return hexEnd;
    }
    int listed = edits.count();
    int listEnd = list(chars, from, edits, work);
    int list = edits.count() > listed ? mean(edits, listed) : Integer.MIN_VALUE;
    if (hex == Integer.MIN_VALUE || list == Integer.MIN_VALUE) {
      return Math.max(hexEnd, listEnd);
    }
    boolean signed = isSigned(edits, listed);
    edits.cutTo(before);
    return signed || list > hex
        ? list(chars, from, edits, work)
        : pairs(chars, from, octets, edits, work);
  }

  private static int mean(Edits edits, int piece) {
    return Letters.mean(edits.text(), edits.textFrom(piece), edits.textTo(piece), 0);
  }

  /** Whether one in eight characters is a sign that encodings begin with. */
  private static boolean isSigned(Edits edits, int piece) {
    int signs = 0;
    for (int i = edits.textFrom(piece); i < edits.textTo(piece); i++) {
      char c = edits.charAt(i);
      signs += c == '%' || c == '&' || c == '\\' ? 1 : 0;
    }
    return signs * 8 >= edits.textTo(piece) - edits.textFrom(piece);
  }

  private static boolean isDecimal(char[] chars, int from, int to) {
    for (int i = from; i < to; i++) {
      if (Character.isLetter(chars[i])) {
        return false;
      }
    }
    return true;
  }

  private static boolean isWord(char c) {
    return c < KINDS.length && (KINDS[c] == HEX || KINDS[c] == WORD);
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
    int next = -1;
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
      next = i + digits;
      text = octets.put(value, i, next);
      if (!text) {
        break;
      }
      end = next;
      i = end;
      while (i < chars.length && i - end < 2 && isSeparator(chars[i])) {
        i++;
      }
    }
    if (octets.size() < 2) {
      return next;
    }
    return written(from, end, next, "binary", octets, edits);
  }

  private static boolean isSeparator(char c) {
    return c == ' ' || c == ',' || c == ':' || c == '-' || c == ';' || c == '\n' || c == '|';
  }

  /**
   * Keeps the bytes read up to {@code end} if they are text. What follows a byte that is none is
   * read on its own, so that one wrong byte does not hide the rest.
   *
   * @return {@code next}, where to go on
   */
  private static int written(int from, int end, int next, String name, Octets octets, Edits edits) {
    if (end == from || (name.equals("hex") && octets.size() < LEAST_BYTES)) {
      return next;
    }
    edits.open(from);
    if (octets.writeTo(edits) && Plausible.isText(edits, octets.size())) {
      edits.close(end, name);
    } else {
      edits.drop();
    }
    return next;
  }

  /** Hex from {@code from}; as {@link #bits}. */
  private static int pairs(char[] chars, int from, Octets octets, Edits edits, Work work) {
    octets.clear();
    int i = from;
    int end = from;
    int next = -1;
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
      int before = octets.size();
      for (int k = digits; text && k < run; k += 2) {
        if ((k - digits) % 2048 == 2046 && work.spent(1024)) {
          break;
        }
        int begin = k == digits ? i : k;
        text = octets.put(hex(chars[k]) << 4 | hex(chars[k + 1]), begin, k + 2);
      }
      work.spent((run - i) / 2);
      next = run;
      if (!text) {
        octets.cutTo(before);
        break;
      }
      end = run;
      i = end;
      while (i < chars.length && i - end < 2 && isSeparator(chars[i])) {
        i++;
      }
    }
    return text || end > from ? written(from, end, next, "hex", octets, edits) : next;
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
    boolean words =
        Plausible.isProse(edits, LEAST_NUMBERS)
            && (edits.size() - mark >= 8 || isAllLetters(edits));
    if (words || (edits.size() - mark >= MANY_NUMBERS && isEncoded(edits))) {
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

  /** Whether it is nothing but what encodings are written with. */
  private static boolean isEncoded(Edits edits) {
    for (int i = edits.openedAt(); i < edits.size(); i++) {
      char c = edits.charAt(i);
      if (!isWord(c) && " =+/-.&#;%\\".indexOf(c) < 0) {
        return false;
      }
    }
    return true;
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
