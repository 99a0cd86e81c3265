package io.llmtrace.policies.expression;

import io.llmtrace.policies.expression.ExpressionException.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds what other languages write otherwise: {@code =}, {@code and}, {@code <>}. */
final class Habits {
  private static final Map<String, String> WORDS =
      Map.of("and", "&&", "or", "||", "not", "!", "AND", "&&", "OR", "||", "NOT", "!");

  private final String text;
  private final List<Problem> problems = new ArrayList<>();
  private int at;
  private int line = 1;
  private int column = 1;

  private Habits(String text) {
    this.text = text;
  }

  /** What there is of them outside of texts and comments, in a condition that CEL refuses. */
  static List<Problem> in(String text) {
    Habits habits = new Habits(text);
    habits.scan();
    return habits.problems;
  }

  private void scan() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '\'' || c == '"') {
        skipText();
      } else if (text.startsWith("//", at)) {
        int end = text.indexOf('\n', at);
        advance((end < 0 ? text.length() : end) - at);
      } else if (Character.isLetter(c) || c == '_') {
        word();
      } else {
        symbol(c);
      }
    }
  }

  private void word() {
    int end = at;
    while (end < text.length()
        && (Character.isLetterOrDigit(text.charAt(end)) || text.charAt(end) == '_')) {
      end++;
    }
    String word = text.substring(at, end);
    boolean field = at > 0 && text.charAt(at - 1) == '.';
    String right = WORDS.get(word);
    if (right != null && !field) {
      problem("'" + word + "' is written otherwise", "write " + right);
    }
    advance(end - at);
  }

  private void symbol(char c) {
    if (text.startsWith("===", at) || text.startsWith("!==", at)) {
      problem("'" + text.substring(at, at + 3) + "' is written otherwise", "write " + c + "=");
      advance(3);
    } else if (text.startsWith("<>", at)) {
      problem("'<>' is written otherwise", "write !=");
      advance(2);
    } else if (text.startsWith("=~", at)) {
      problem("'=~' is written otherwise", "write text.matches('pattern')");
      advance(2);
    } else if (isPair()) {
      advance(2);
    } else {
      if (c == '=') {
        problem("'=' compares nothing", "write ==");
      } else if (c == '&' || c == '|') {
        problem("'" + c + "' joins no conditions", "write " + c + c);
      } else if ("‘’“”".indexOf(c) >= 0) {
        problem("'" + c + "' is no quotation mark", "write ' or \"");
      }
      advance(1);
    }
  }

  private boolean isPair() {
    return text.startsWith("==", at)
        || text.startsWith("!=", at)
        || text.startsWith("<=", at)
        || text.startsWith(">=", at)
        || text.startsWith("&&", at)
        || text.startsWith("||", at);
  }

  private void skipText() {
    char quote = text.charAt(at);
    boolean raw = at > 0 && (text.charAt(at - 1) == 'r' || text.charAt(at - 1) == 'R');
    String end = String.valueOf(quote).repeat(3);
    if (!text.startsWith(end, at)) {
      end = String.valueOf(quote);
    }
    int to = at + end.length();
    while (to < text.length() && !text.startsWith(end, to)) {
      to += text.charAt(to) == '\\' && !raw ? 2 : 1;
    }
    advance(Math.min(text.length(), to + end.length()) - at);
  }

  private void problem(String message, String suggestion) {
    problems.add(new Problem(line, column, message, suggestion));
  }

  private void advance(int characters) {
    for (int end = at + characters; at < end; at++) {
      if (text.charAt(at) == '\n') {
        line++;
        column = 1;
      } else if (!Character.isLowSurrogate(text.charAt(at))) {
        column++;
      }
    }
  }
}
