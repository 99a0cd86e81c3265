package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.action.Shell.Command;
import io.llmtrace.policies.detect.action.Shell.Pipeline;
import io.llmtrace.policies.detect.action.Shell.Redirect;
import io.llmtrace.policies.detect.action.Shell.Word;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Splits a command line as a POSIX shell does (POSIX.1-2017, 2.3 token recognition), with the parts
 * of bash that attackers use: {@code $'…'}, {@code &>}, here documents and here strings, process
 * substitution, brace lists, {@code ${IFS}}. It never fails; what no shell would accept is read in
 * some way. One pass over the text, and nesting is bounded: deeper substitutions are plain text.
 */
final class ShellParser {
  static final int DEEPEST = 12;
  private static final int MOST_COMMANDS = 200_000;

  /** Words of one command; it is told as cut, and the rest read as another. */
  private static final int MOST_WORDS = 20_000;

  /** Characters that a word keeps of a substitution's text; what it runs is kept apart. */
  private static final int MOST_OF_A_SUBSTITUTION = 8192;

  private static final int STEPS_BETWEEN_QUESTIONS = 1024;

  private final String text;
  private final ShellDialect dialect;
  private final InspectionBudget budget;
  private final List<HereDocument> heredocs = new ArrayList<>();
  private int pos;
  private int commands;
  private int steps;

  private ShellParser(String text, ShellDialect dialect, InspectionBudget budget) {
    this.text = text;
    this.dialect = dialect;
    this.budget = budget;
  }

  static List<Pipeline> parse(String text, InspectionBudget budget) {
    return parse(text, ShellDialect.of(text), budget);
  }

  static List<Pipeline> parse(String text, ShellDialect dialect, InspectionBudget budget) {
    ShellParser parser = new ShellParser(text, dialect, budget);
    List<Pipeline> pipelines = new ArrayList<>();
    while (parser.more()) {
      pipelines.addAll(parser.list(0, '\0'));
      // Only an unopened closing mark ends a list at the outermost level.
      parser.pos++;
    }
    return pipelines;
  }

  /** Whether there is more to read; a spent budget ends the text here. */
  private boolean more() {
    boolean asks = (++steps & (STEPS_BETWEEN_QUESTIONS - 1)) == 0;
    if (commands > MOST_COMMANDS && pos < text.length()) {
      budget.leaveOut();
      pos = text.length();
    } else if (asks && budget.spent()) {
      pos = text.length();
    }
    return pos < text.length();
  }

  /** Pipelines up to {@code terminator}, which is not consumed, or to the end. */
  private List<Pipeline> list(int depth, char terminator) {
    List<Pipeline> pipelines = new ArrayList<>();
    List<Command> pipe = new ArrayList<>();
    int start = pos;
    while (more()) {
      Command command = command(depth, terminator);
      if (command != null) {
        pipe.add(command);
      }
      char c = pos < text.length() ? text.charAt(pos) : '\0';
      boolean joined = c == '|' && !at("||");
      if (joined && !pipe.isEmpty()) {
        pos += at("|&") ? 2 : 1;
        continue;
      }
      if (!pipe.isEmpty()) {
        pipelines.add(new Pipeline(pipe, start, pos));
        pipe = new ArrayList<>();
      }
      if (pos >= text.length() || c == terminator || c == ')') {
        break;
      }
      if (!isEnd(c)) {
        // A command that was cut for its length.
        start = pos;
        continue;
      }
      pos += at("&&") || at("||") || at(";;") ? 2 : 1;
      start = pos;
    }
    if (!pipe.isEmpty()) {
      pipelines.add(new Pipeline(pipe, start, Math.min(pos, text.length())));
    }
    return pipelines;
  }

  private static boolean isEnd(char c) {
    return c == ';' || c == '|' || c == '&' || c == '\n' || c == ')';
  }

  private boolean at(String operator) {
    return text.startsWith(operator, pos);
  }

  /** One command up to an operator, which is not consumed; null for an empty one. */
  private @Nullable Command command(int depth, char terminator) {
    commands++;
    List<Word> words = new ArrayList<>();
    List<Redirect> redirects = new ArrayList<>();
    int start = -1;
    int end = pos;
    while (more()) {
      char c = text.charAt(pos);
      if (c == '\n') {
        if (!heredocs.isEmpty()) {
          readHeredocs();
          continue;
        }
        break;
      }
      if (c == ' ' || c == '\t' || c == '\r' || isLineJoin()) {
        pos += isLineJoin() ? 2 : 1;
        continue;
      }
      if (c == '#' && words.isEmpty() && redirects.isEmpty()) {
        skipLine();
        continue;
      }
      if (c == '#' && pos > 0 && isBlank(text.charAt(pos - 1)) && dialect == ShellDialect.POSIX) {
        skipLine();
        continue;
      }
      if (c == terminator || c == ';' || c == '|' || c == ')') {
        break;
      }
      if (c == '&' && !at("&>")) {
        break;
      }
      if (words.size() >= MOST_WORDS || redirects.size() >= MOST_WORDS) {
        budget.leaveOut();
        break;
      }
      start = start < 0 ? pos : start;
      int before = pos;
      if (c == '<' || c == '>' || c == '&') {
        redirect(depth, words, redirects);
      } else if (c == '(') {
        words.add(group(depth));
      } else {
        words.addAll(Braces.expand(word(depth, terminator)));
      }
      // Whatever no rule consumed is a character of its own: the loop always gets on.
      pos = pos == before ? pos + 1 : pos;
      end = pos;
    }
    if (words.isEmpty() && redirects.isEmpty()) {
      return null;
    }
    return new Command(words, redirects, Math.max(0, start), end);
  }

  /** Reads the documents that a line announced, and stands before the last line break of them. */
  private void readHeredocs() {
    int at = pos + 1;
    for (HereDocument doc : heredocs) {
      at = doc.read(text, at);
    }
    heredocs.clear();
    // The line break ends the command that the documents were for.
    pos = Math.max(pos, Math.min(at, text.length()) - 1);
    if (pos < text.length() && text.charAt(pos) != '\n') {
      pos = text.length();
    }
  }

  private void skipLine() {
    int line = text.indexOf('\n', pos);
    pos = line < 0 ? text.length() : line;
  }

  private boolean isLineJoin() {
    return text.charAt(pos) == '\\' && pos + 1 < text.length() && text.charAt(pos + 1) == '\n';
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }

  private Word group(int depth) {
    int from = pos++;
    List<Pipeline> inner = depth < DEEPEST ? list(depth + 1, ')') : List.of();
    if (pos < text.length() && text.charAt(pos) == ')') {
      pos++;
    }
    return new Word("(", from, pos, false, inner);
  }

  private void redirect(int depth, List<Word> words, List<Redirect> redirects) {
    int from = pos;
    if (at("<(") || at(">(")) {
      pos++;
      Word group = group(depth);
      String shown = text.substring(from, Math.min(pos, from + MOST_OF_A_SUBSTITUTION));
      words.add(new Word(shown, from, pos, false, group.inner()));
      return;
    }
    if (text.charAt(pos) == '&') {
      pos++;
    }
    while (pos < text.length() && pos - from < 3 && "<>&|".indexOf(text.charAt(pos)) >= 0) {
      pos++;
    }
    String operator = text.substring(from, pos);
    if (operator.equals("<<") && pos < text.length() && text.charAt(pos) == '-') {
      pos++;
    }
    while (pos < text.length() && isBlank(text.charAt(pos))) {
      pos++;
    }
    // "2>": the number belongs to the operator.
    int last = words.size() - 1;
    if (last >= 0 && words.get(last).end() == from && isNumber(words.get(last).text())) {
      words.remove(last);
    }
    if (pos >= text.length() || text.charAt(pos) == '\n') {
      return;
    }
    Word target = word(depth, '\0');
    if (operator.equals("<<")) {
      heredocs.add(new HereDocument(target.text(), redirects));
    } else if (target.end() > target.start()) {
      redirects.add(new Redirect(operator, target));
    }
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty() && text.length() < 4 && text.chars().allMatch(Character::isDigit);
  }

  /** One word; consumes nothing when it stands at an operator. */
  private Word word(int depth, char terminator) {
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
