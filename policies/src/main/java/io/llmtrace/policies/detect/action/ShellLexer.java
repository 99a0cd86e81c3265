package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.action.Shell.Pipeline;
import io.llmtrace.policies.detect.action.Shell.Word;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the words of a command line (POSIX.1-2017, 2.2 quoting, 2.3 token recognition) with {@code
 * $'…'} and {@code ${IFS}} of bash, and holds the place in the text. The parser stands on it and
 * not beside it, because the two call each other: what a substitution inside a word runs is a list
 * of commands. Deeper than {@link #DEEPEST}, substitutions are plain text.
 */
abstract class ShellLexer {
  static final int DEEPEST = 12;
  private static final int MOST_COMMANDS = 200_000;

  /** Characters that a word keeps of a substitution's text; what it runs is kept apart. */
  static final int MOST_OF_A_SUBSTITUTION = 8192;

  private static final int STEPS_BETWEEN_QUESTIONS = 1024;

  final String text;
  final ShellDialect dialect;
  final InspectionBudget budget;

  /** The next character. */
  int pos;

  private int commands;
  private int steps;

  ShellLexer(String text, ShellDialect dialect, InspectionBudget budget) {
    this.text = text;
    this.dialect = dialect;
    this.budget = budget;
  }

  /** Pipelines up to {@code terminator}, which is not consumed, or to the end. */
  abstract List<Pipeline> list(int depth, char terminator);

  /** Counts a command; after {@link #MOST_COMMANDS} the text ends, which the budget is told. */
  final void countCommand() {
    commands++;
  }

  /** Whether there is more to read; a spent budget ends the text here. */
  final boolean more() {
    boolean asks = (++steps & (STEPS_BETWEEN_QUESTIONS - 1)) == 0;
    if (commands > MOST_COMMANDS && pos < text.length()) {
      budget.leaveOut();
      pos = text.length();
    } else if (asks && budget.spent()) {
      pos = text.length();
    }
    return pos < text.length();
  }

  final boolean at(String operator) {
    return text.startsWith(operator, pos);
  }

  final boolean isLineJoin() {
    return text.charAt(pos) == '\\' && pos + 1 < text.length() && text.charAt(pos + 1) == '\n';
  }

  static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }

  /** One word; consumes nothing when it stands at an operator. */
  final Word word(int depth, char terminator) {
    StringBuilder out = new StringBuilder();
    List<Pipeline> inner = new ArrayList<>();
    boolean quoted = false;
    int from = pos;
    while (more()) {
      char c = text.charAt(pos);
      if (isBlank(c) || c == '\n' || c == '\r' || ";|&<>()".indexOf(c) >= 0 || c == terminator) {
        break;
      }
      if (c == '\\' && dialect == ShellDialect.POSIX) {
        quoted |= !isLineJoin();
        if (!isLineJoin() && pos + 1 < text.length()) {
          out.append(text.charAt(pos + 1));
        }
        pos = Math.min(text.length(), pos + 2);
      } else if (c == '^' && dialect == ShellDialect.WINDOWS) {
        pos++;
      } else if (c == '\'') {
        quoted = true;
        single(out);
      } else if (c == '"') {
        quoted = true;
        doubled(depth, out, inner);
      } else if (c == '`' && dialect == ShellDialect.WINDOWS) {
        // PowerShell's escape, a favourite way to break up a name.
        pos++;
      } else if (c == '`') {
        backtick(depth, out, inner);
      } else if (c == '$') {
        if (at("${IFS}") || at("$IFS")) {
          int length = at("${IFS}") ? 6 : 4;
          if (out.length() > 0) {
            break;
          }
          pos += length;
          from = pos;
          continue;
        }
        quoted |= dollar(depth, out, inner);
      } else {
        out.append(c);
        pos++;
      }
    }
    return new Word(out.toString(), from, pos, quoted, inner);
  }

  private void single(StringBuilder out) {
    int close = text.indexOf('\'', pos + 1);
    int end = close < 0 ? text.length() : close;
    out.append(text, pos + 1, end);
    pos = Math.min(text.length(), end + 1);
  }

  private void doubled(int depth, StringBuilder out, List<Pipeline> inner) {
    pos++;
    while (more() && text.charAt(pos) != '"') {
      char c = text.charAt(pos);
      if (c == '\\' && dialect == ShellDialect.POSIX && pos + 1 < text.length()) {
        char next = text.charAt(pos + 1);
        if ("$`\"\\\n".indexOf(next) < 0) {
          out.append(c);
        }
        if (next != '\n') {
          out.append(next);
        }
        pos += 2;
      } else if (c == '`' && dialect == ShellDialect.POSIX) {
        backtick(depth, out, inner);
      } else if (c == '$') {
        dollar(depth, out, inner);
      } else {
        out.append(c);
        pos++;
      }
    }
    pos = Math.min(text.length(), pos + 1);
  }

  private void backtick(int depth, StringBuilder out, List<Pipeline> inner) {
    int from = pos++;
    if (depth < DEEPEST) {
      inner.addAll(list(depth + 1, '`'));
    } else {
      int close = text.indexOf('`', pos);
      pos = close < 0 ? text.length() : close;
    }
    pos = Math.min(text.length(), pos + 1);
    keep(out, from);
  }

  private void keep(StringBuilder out, int from) {
    out.append(text, from, Math.min(pos, from + MOST_OF_A_SUBSTITUTION));
  }

  /** Reads from a dollar sign; true when it was a quoted string. */
  private boolean dollar(int depth, StringBuilder out, List<Pipeline> inner) {
    int from = pos;
    if (at("$(")) {
      pos += 2;
      boolean arithmetic = pos < text.length() && text.charAt(pos) == '(';
      if (depth < DEEPEST && !arithmetic) {
        inner.addAll(list(depth + 1, ')'));
      }
      if (pos < text.length() && text.charAt(pos) == ')') {
        pos++;
      }
      keep(out, from);
      return false;
    }
    if (at("$'") && dialect == ShellDialect.POSIX) {
      pos += 2;
      ansi(out);
      return true;
    }
    if (at("${")) {
      pos += 2;
      // A name is short; else a brace far away would swallow what lies between.
      int limit = Math.min(text.length(), pos + 200);
      while (pos < limit && text.charAt(pos) != '}') {
        pos++;
      }
      pos = pos < limit ? pos + 1 : from + 2;
      out.append(text, from, pos);
      return false;
    }
    out.append('$');
    pos++;
    return false;
  }

  private void ansi(StringBuilder out) {
    while (more() && text.charAt(pos) != '\'') {
      char c = text.charAt(pos++);
      if (c != '\\' || pos >= text.length()) {
        out.append(c);
        continue;
      }
      char kind = text.charAt(pos++);
      switch (kind) {
        case 'n' -> out.append('\n');
        case 't' -> out.append('\t');
        case 'x' -> out.append(number(16, 2));
        case 'u' -> out.append(number(16, 4));
        default -> {
          if (kind >= '0' && kind <= '7') {
            pos--;
            out.append(number(8, 3));
          } else {
            out.append(kind);
          }
        }
      }
    }
    pos = Math.min(text.length(), pos + 1);
  }

  private char number(int radix, int most) {
    int value = 0;
    for (int i = 0; i < most && pos < text.length(); i++) {
      int digit = Character.digit(text.charAt(pos), radix);
      if (digit < 0) {
        break;
      }
      value = value * radix + digit;
      pos++;
    }
    return (char) value;
  }
}
