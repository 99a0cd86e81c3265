package io.llmtrace.policies.detect.text;

import java.util.HashMap;
import java.util.Map;

/**
 * Text that a program would put together: quoted pieces and variables of one text joined by a plus
 * ({@code a = "ign"}, {@code print(a + "ore")}), lists of single quoted characters, and words
 * parted by an HTML comment or an empty element. The characters of what is joined stand for those
 * of the pieces, wherever these are.
 */
final class Joined implements Decoder {
  static final String NAME = "joined";

  private static final int LONGEST_NAME = 32;

  /** Characters that are passed over between two questions to the budget. */
  private static final int SKIPPED = 1024;

  private static final byte QUOTE = 1;
  private static final byte LETTER = 2;
  private static final byte DIGIT = 4;

  /** What texts that are joined are written with: quotes, and names of letters, _, $ and digits. */
  private static final byte[] KINDS = new byte[128];

  static {
    for (char c = 0; c < KINDS.length; c++) {
      KINDS[c] = Letters.isLetter(c) ? LETTER : Letters.isLetterOrDigit(c) ? DIGIT : 0;
    }
    KINDS['_'] = KINDS['$'] = LETTER;
    KINDS['"'] = KINDS['\''] = QUOTE;
  }

  /** Elements that a list of letters has at least. */
  private static final int LEAST_LIST = 6;

  /** Where a variable's text stands. */
  private record Text(int from, int to) {}

  @Override
  public boolean mayApply(Shape shape) {
    return mayBeJoined(shape) || (shape.count('<') > 0 && shape.count('>') > 0);
  }

  private static boolean mayBeJoined(Shape shape) {
    boolean variables = shape.assigned >= 1 && shape.count('+') >= 1;
    return shape.count('"') + shape.count('\'') >= 4
        && (shape.joins > 0 || shape.listed >= LEAST_LIST || variables);
  }

  @Override
  public void decode(Form form, Shape shape, Edits edits, Work work) {
    if (shape.count('<') > 0) {
      parted(form.chars, edits, work);
    }
    if (mayBeJoined(shape)) {
      concatenated(form.chars, edits, work);
    }
  }

  /** A comment or an element with nothing in it between two letters. */
  private static void parted(char[] chars, Edits edits, Work work) {
    int commentEnd = 0;
    for (int i = 1; i < chars.length && !work.spent(1); i++) {
      if (chars[i] != '<') {
        // Most characters: nothing else is asked of them.
        int to = Math.min(chars.length, i + SKIPPED);
        int next = i + 1;
        while (next < to && chars[next] != '<') {
          next++;
        }
        work.spent(next - i);
        i = next - 1;
        continue;
      }
      if (!Letters.isLetter(chars[i - 1])) {
        continue;
      }
      int end;
      if (startsWith(chars, i, "<!--")) {
        // Without an end to be found from here on there is none further on either.
        end = commentEnd < 0 ? -1 : find(chars, i + 4, "-->", work);
        commentEnd = end;
      } else {
        end = emptyElement(chars, i);
      }
      if (end > 0 && end < chars.length && Letters.isLetter(chars[end])) {
        edits.open(i);
        edits.close(end, NAME);
        i = end - 1;
      }
    }
  }

  private static int find(char[] chars, int from, String text, Work work) {
    for (int i = from; i < chars.length && !work.spent(1); i++) {
      if (startsWith(chars, i, text)) {
        return i + text.length();
      }
    }
    return -1;
  }

  /** End of {@code <wbr>} or of an element like {@code <b></b>} at {@code from}, or -1. */
  private static int emptyElement(char[] chars, int from) {
    int i = from + 1;
    while (i < chars.length && i - from < 12 && Letters.isLetter(chars[i])) {
      i++;
    }
    if (i == chars.length || chars[i] != '>' || i == from + 1) {
      return -1;
    }
    if (startsWith(chars, from, "<wbr>")) {
      return i + 1;
    }
    int length = i - from;
    boolean closes = i + 2 + length < chars.length && chars[i + 1] == '<' && chars[i + 2] == '/';
    if (!closes) {
      return -1;
    }
    for (int k = 1; k <= length; k++) {
      if (chars[from + k] != chars[i + 2 + k]) {
        return -1;
      }
    }
    return i + 3 + length;
  }

  private static boolean startsWith(char[] chars, int at, String text) {
    if (at + text.length() > chars.length) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (chars[at + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static void concatenated(char[] chars, Edits edits, Work work) {
    Map<String, Text> variables = new HashMap<>();
    Lines lines = new Lines(chars);
    for (int i = 0; i < chars.length && !work.spent(1); ) {
      int kind = kind(chars[i]);
      if ((kind & (QUOTE | LETTER)) == 0) {
        i++;
        continue;
      }
      int end = i;
      if (kind == QUOTE) {
        boolean escaped = i > 0 && chars[i - 1] == '\\';
        end = escaped ? i : expression(chars, i, variables, edits, work);
      } else if (isNameStart(chars, i)) {
        int nameEnd = nameEnd(chars, i);
        end = assignment(chars, i, nameEnd, variables, lines, work);
        if (end == i && !variables.isEmpty()) {
          end = expression(chars, i, variables, edits, work);
        }
        if (end == i) {
          end = nameEnd;
        }
      }
      work.spent(end - i);
      i = Math.max(end, i + 1);
    }
  }

  /** Where the last quote of a line stands, found once for each line. */
  private static final class Lines {
    private final char[] chars;
    private int end = -1;
    private int doubled;
    private int single;

    Lines(char[] chars) {
      this.chars = chars;
    }

    /** The last quote like the one at {@code quote} in its line. */
    int lastQuote(int quote, Work work) {
      if (quote >= end) {
        end = quote;
        while (end < chars.length && chars[end] != '\n' && !work.spent(1)) {
          doubled = chars[end] == '"' ? end : doubled;
          single = chars[end] == '\'' ? end : single;
          end++;
        }
      }
      return Math.max(quote + 1, chars[quote] == '"' ? doubled : single);
    }
  }

  private static boolean isNameStart(char[] chars, int at) {
    char c = chars[at];
    return kind(c) == LETTER
        && (at == 0 || !(Letters.isLetterOrDigit(chars[at - 1]) || chars[at - 1] == '_'));
  }

  private static int kind(char c) {
    return c < KINDS.length ? KINDS[c] : 0;
  }

  private static int nameEnd(char[] chars, int from) {
    int i = from;
    while (i < chars.length
        && ((kind(chars[i]) & (LETTER | DIGIT)) != 0 || Letters.isLetterOrDigit(chars[i]))) {
      i++;
    }
    return i;
  }

  /**
   * {@code name = "text"} up to the line's last quote; {@code from} if there is none.
   *
   * @param end of the name
   */
  private static int assignment(
      char[] chars, int from, int end, Map<String, Text> variables, Lines lines, Work work) {
    int sign = Shape.blanksEnd(chars, end);
    if (end - from > LONGEST_NAME || sign >= chars.length || chars[sign] != '=') {
      return from;
    }
    int quote = Shape.blanksEnd(chars, sign + 1);
    if (quote >= chars.length || (chars[quote] != '"' && chars[quote] != '\'')) {
      return from;
    }
    int closing = closing(chars, quote, work);
    if (closing < 0) {
      return from;
    }
    // A quote with a letter right behind it stands inside the text, which goes on to the line's
    // last.
    boolean inside = closing + 1 < chars.length && Letters.isLetterOrDigit(chars[closing + 1]);
    int to = inside ? lines.lastQuote(quote, work) : closing;
    int next = Shape.blanksEnd(chars, to + 1);
    if (next < chars.length && chars[next] == '+') {
      // The value is joined itself: left to the expression.
      return sign + 1;
    }
    variables.put(new String(chars, from, end - from), new Text(quote + 1, to));
    return to + 1;
  }

  /** Two or more texts joined; {@code from} if there are none. */
  private static int expression(
      char[] chars, int from, Map<String, Text> variables, Edits edits, Work work) {
    edits.open(from);
    int operands = 0;
    int letters = 0;
    boolean list = false;
    int end = from;
    int i = from;
    while (i < chars.length && !work.stopped()) {
      Text operand;
      int after;
      if (chars[i] == '"' || chars[i] == '\'') {
        int close = closing(chars, i, work);
        if (close < 0) {
          break;
        }
        operand = new Text(i + 1, close);
        after = close + 1;
      } else if (isNameStart(chars, i)) {
        after = nameEnd(chars, i);
        Text known =
            variables.isEmpty() || after - i > LONGEST_NAME
                ? null
                : variables.get(new String(chars, i, after - i));
        if (known == null) {
          break;
        }
        operand = known;
      } else {
        break;
      }
      int operator = Shape.blanksEnd(chars, after);
      // Only lists of single characters are read as one text: others are lists.
      boolean comma =
          operator < chars.length
              && chars[operator] == ','
              && operand.to() - operand.from() == 1
              && (list || operands == 0);
      boolean joins =
          operator < chars.length
              && (chars[operator] == '+' || chars[operator] == '.' || chars[operator] == '&');
      // A variable that is used again and again must not make more of the text than there is.
      if (edits.size() + operand.to() - operand.from() > chars.length) {
        break;
      }
      if (operands == 0 && !comma && !joins) {
        // Most quotes: what stands in them is joined to nothing.
        edits.drop();
        return after;
      }
      for (int k = operand.from(); k < operand.to() && !work.spent(1); k++) {
        edits.put(chars[k], k, k + 1);
        letters += Letters.isLetter(chars[k]) ? 1 : 0;
      }
      operands++;
      end = after;
      list |= comma;
      if (!comma && !joins) {
        break;
      }
      i = Shape.blanksEnd(chars, operator + 1);
    }
    if (operands >= (list ? LEAST_LIST : 2) && letters >= 4) {
      edits.close(end, NAME);
      return end;
    }
    edits.drop();
    return operands == 1 ? end : from;
  }

  private static int closing(char[] chars, int quote, Work work) {
    for (int i = quote + 1; i < chars.length && chars[i] != '\n' && !work.spent(1); i++) {
      if (chars[i] == chars[quote] && chars[i - 1] != '\\') {
        return i;
      }
    }
    return -1;
  }
}
