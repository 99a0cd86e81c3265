package io.llmtrace.policies.exchange;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Ends a JSON text that was cut, so that what there is of it can be read: loggers cut bodies, and
 * mostly in the middle of the one long string that matters. One pass.
 */
final class CutJson {
  private final String text;
  private final Deque<Character> open = new ArrayDeque<>();

  /** End of the last whole value, or of the last bracket that opened one. */
  private int safe;

  /** Whether the next string of the innermost object is a name. */
  private boolean nameNext;

  private CutJson(String text) {
    this.text = text;
  }

  /** The text with everything closed that is open; unchanged where it was not cut. */
  static String close(String text) {
    return new CutJson(text).run();
  }

  private String run() {
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (c == '"') {
        int end = stringEnd(i + 1);
        if (end < 0) {
          return nameNext ? ended(text.substring(0, safe)) : ended(stringSoFar(i));
        }
        i = end;
        safe = nameNext ? safe : i;
        continue;
      }
      i++;
      switch (c) {
        case '{', '[' -> {
          open.push(c == '{' ? '}' : ']');
          nameNext = c == '{';
          safe = i;
        }
        case '}', ']' -> {
          open.poll();
          nameNext = false;
          safe = i;
        }
        case ',' -> {
          safe = Math.max(safe, i - 1);
          nameNext = !open.isEmpty() && open.peek() == '}';
        }
        case ':' -> nameNext = false;
        default -> {}
      }
    }
    return open.isEmpty() ? text : ended(text.substring(0, safe));
  }

  private String ended(String whole) {
    StringBuilder out = new StringBuilder(whole);
    open.forEach(out::append);
    return out.toString();
  }

  /** Place after the closing quote, or -1. */
  private int stringEnd(int from) {
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '"') {
        return i + 1;
      }
    }
    return -1;
  }

  /** The text with the string that begins at {@code quote} closed; half an escape is left out. */
  private String stringSoFar(int quote) {
    int end = text.length();
    int i = quote + 1;
    while (i < text.length()) {
      if (text.charAt(i) != '\\') {
        i++;
        continue;
      }
      int length = i + 1 < text.length() && text.charAt(i + 1) == 'u' ? 6 : 2;
      if (i + length > text.length()) {
        end = i;
        break;
      }
      i += length;
    }
    return text.substring(0, end) + '"';
  }
}
