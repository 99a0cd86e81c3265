package io.llmtrace.policies.detect.parse;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.TextView;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * The strings of a JSON document that stands inside a text, as the arguments of a tool call do,
 * each with its map back. Lenient: a document that is cut or damaged is read as far as it goes. One
 * pass, and nesting costs nothing but a list entry.
 */
public final class JsonStrings {
  private static final int STEPS_BETWEEN_QUESTIONS = 8192;

  private final TextView view;
  private final String text;
  private final List<Value> values = new ArrayList<>();
  private final Deque<Container> open = new ArrayDeque<>();
  private int lists;

  private JsonStrings(TextView view) {
    this.view = view;
    this.text = view.text();
  }

  /**
   * A string value.
   *
   * @param name the nearest field name above it; empty where there is none
   * @param list number of the list that it is an element of; -1 where it is none
   */
  public record Value(String name, int list, TextView view) {}

  private static final class Container {
    final boolean object;
    final int list;
    String name;
    boolean valueNext;

    Container(boolean object, int list, String name) {
      this.object = object;
      this.list = list;
      this.name = name;
    }
  }

  /** Whether a text begins as a JSON object or list does. */
  public static boolean looksLikeJson(String text) {
    int i = 0;
    while (i < text.length() && Character.isWhitespace(text.charAt(i))) {
      i++;
    }
    if (i >= text.length() || (text.charAt(i) != '{' && text.charAt(i) != '[')) {
      return false;
    }
    boolean object = text.charAt(i++) == '{';
    while (i < text.length() && Character.isWhitespace(text.charAt(i))) {
      i++;
    }
    if (i >= text.length()) {
      return false;
    }
    char next = text.charAt(i);
    // "[[ -f x ]]" and "{ ls; }" are shell.
    return next == '"' || (object ? next == '}' : next == ']' || next == '{');
  }

  /** The string values in the order of the text; what the budget did not allow is missing. */
  public static List<Value> read(TextView view, InspectionBudget budget) {
    JsonStrings reader = new JsonStrings(view);
    reader.run(budget);
    return reader.values;
  }

  private void run(InspectionBudget budget) {
    int steps = 0;
    int i = 0;
    while (i < text.length()) {
      if (++steps % STEPS_BETWEEN_QUESTIONS == 0 && budget.spent()) {
        return;
      }
      char c = text.charAt(i);
      switch (c) {
        case '{' -> open.push(new Container(true, -1, name()));
        case '[' -> open.push(new Container(false, lists++, name()));
        case '}', ']' -> open.poll();
        case ',' -> {
          if (open.peek() != null) {
            open.peek().valueNext = false;
          }
        }
        case ':' -> {
          if (open.peek() != null) {
            open.peek().valueNext = true;
          }
        }
        default -> {}
      }
      i = c == '"' ? string(i + 1, budget) : i + 1;
    }
  }

  private String name() {
    Container container = open.peek();
    return container == null ? "" : container.name;
  }

  /** Reads the string that begins at {@code from}; returns the place after its closing quote. */
  private int string(int from, InspectionBudget budget) {
    int end = from;
    boolean escaped = false;
    int steps = 0;
    while (end < text.length() && text.charAt(end) != '"') {
      if (text.charAt(end) == '\\') {
        escaped = true;
        end++;
      }
      end++;
      if (++steps % STEPS_BETWEEN_QUESTIONS == 0 && budget.spent()) {
        break;
      }
    }
    end = Math.min(end, text.length());
    Container container = open.peek();
    if (container != null && container.object && !container.valueNext) {
      // A name that is a megabyte long is no name that anybody knows.
      container.name = text.substring(from, Math.min(end, from + 100));
    } else if (end > from) {
      int list = container == null ? -1 : container.list;
      values.add(
          new Value(name(), list, escaped ? unescaped(from, end, budget) : plain(from, end)));
    }
    return end + 1;
  }

  private TextView plain(int from, int end) {
    return Views.slice(view, from, end, "json");
  }

  /** Cut short when there is no more time. */
  private TextView unescaped(int from, int end, InspectionBudget budget) {
    StringBuilder out = new StringBuilder(end - from);
    int[] starts = new int[end - from];
    int[] ends = new int[end - from];
    int i = from;
    int steps = 0;
    while (i < end) {
      if (++steps % STEPS_BETWEEN_QUESTIONS == 0 && budget.spent()) {
        break;
      }
      int at = i;
      char c = text.charAt(i++);
      if (c == '\\' && i < end) {
        char kind = text.charAt(i++);
        int code = kind == 'u' ? hex(i, end) : -1;
        if (code >= 0) {
          c = (char) code;
          i += 4;
        } else {
          c = simple(kind);
        }
      }
      starts[out.length()] = at;
      ends[out.length()] = i;
      out.append(c);
    }
    int length = out.length();
    return Views.made(
        view, out.toString(), "json", Arrays.copyOf(starts, length), Arrays.copyOf(ends, length));
  }

  private int hex(int from, int end) {
    if (from + 4 > end) {
      return -1;
    }
    int code = 0;
    for (int i = from; i < from + 4; i++) {
      int digit = Character.digit(text.charAt(i), 16);
      if (digit < 0) {
        return -1;
      }
      code = (code << 4) | digit;
    }
    return code;
  }

  private static char simple(char kind) {
    return switch (kind) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'b' -> '\b';
      case 'f' -> '\f';
      default -> kind;
    };
  }
}
