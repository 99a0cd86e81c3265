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
 * Reads a command line as a POSIX shell does (POSIX.1-2017, 2.10 shell grammar): lists, pipelines,
 * commands, redirections. To them come the parts of bash that attackers use: {@code &>}, here
 * strings, process substitution, brace lists. It never fails; what no shell would accept is read in
 * some way. One pass over the text, and nesting is bounded.
 */
final class ShellParser extends ShellLexer {
  /** Words of one command; it is told as cut, and the rest read as another. */
  private static final int MOST_WORDS = 20_000;

  private final List<HereDocument> heredocs = new ArrayList<>();

  private ShellParser(String text, ShellDialect dialect, InspectionBudget budget) {
    super(text, dialect, budget);
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

  /** Pipelines up to {@code terminator}, which is not consumed, or to the end. */
  @Override
  List<Pipeline> list(int depth, char terminator) {
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

  /** One command up to an operator, which is not consumed; null for an empty one. */
  private @Nullable Command command(int depth, char terminator) {
    countCommand();
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
}
