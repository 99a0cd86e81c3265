package io.llmtrace.policies.detect.text;

/**
 * URL percent-encoding and quoted-printable: a sign and two hex digits for each byte. A character
 * of the decoded text stands for its bytes' escapes.
 *
 * <p>Addresses hold a few such escapes and quoted-printable's sign is everywhere, so not every
 * escape is undone: only where a letter or digit of ASCII is written so, which nobody needs to, or
 * where there are many.
 */
final class PercentText implements Decoder {
  private static final int MANY = 3;

  private final char sign;
  private final String name;

  private PercentText(char sign, String name) {
    this.sign = sign;
    this.name = name;
  }

  static PercentText percent() {
    return new PercentText('%', "percent");
  }

  static PercentText quotedPrintable() {
    return new PercentText('=', "quoted_printable");
  }

  @Override
  public boolean mayApply(Shape shape) {
    return (sign == '%' ? shape.percents : shape.quoted) >= MANY;
  }

  @Override
  public void decode(Form form, Shape shape, Edits edits, Work work) {
    char[] chars = form.chars;
    Octets octets = new Octets(work);
    int before = edits.count();
    int signals = 0;
    for (int i = 0; i + 2 < chars.length && !work.spent(1); ) {
      if (chars[i] != sign || escape(chars, i) < 0) {
        i++;
        continue;
      }
      int end = i;
      octets.clear();
      boolean text = true;
      int letters = 0;
      while (end + 2 < chars.length && escape(chars, end) >= 0 && !work.spent(3)) {
        int value = escape(chars, end);
        text = text && octets.put(value, end, end + 3);
        letters += Character.isLetterOrDigit(value) || value >= 0x80 ? 1 : 0;
        end += 3;
      }
      edits.open(i);
      if (text && octets.writeTo(edits)) {
        int signal = signal(chars, i, end, letters);
        signals += signal;
        edits.close(end, name);
      } else {
        edits.drop();
      }
      i = end;
    }
    if (signals < MANY) {
      edits.cutTo(before);
    }
  }

  /** How much a run of escapes says that text is hidden, and not that an address is written. */
  private int signal(char[] chars, int from, int to, int letters) {
    if (sign == '=') {
      // "a=10" is an assignment: only several in a row are counted.
      return to - from >= 9 ? letters : 0;
    }
    boolean space = to - from == 3 && chars[from + 1] == '2' && chars[from + 2] == '0';
    boolean joins =
        space
            && from > 0
            && to < chars.length
            && Character.isLetter(chars[from - 1])
            && Character.isLetter(chars[to]);
    // An escaped sign before two hex digits is an escape that was escaped again.
    boolean twice =
        to + 1 < chars.length
            && chars[to - 2] == '2'
            && chars[to - 1] == '5'
            && Character.digit(chars[to], 16) >= 0
            && Character.digit(chars[to + 1], 16) >= 0;
    return letters + (joins || twice ? 1 : 0);
  }

  private int escape(char[] chars, int at) {
    if (at + 2 >= chars.length || chars[at] != sign) {
      return -1;
    }
    int high = Character.digit(chars[at + 1], 16);
    int low = Character.digit(chars[at + 2], 16);
    return high < 0 || low < 0 || chars[at + 1] > 127 || chars[at + 2] > 127 ? -1 : high << 4 | low;
  }
}
