package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.parse.Letters;
import java.util.ArrayList;
import java.util.List;

/**
 * Splits SQL into tokens as the common dialects do together: comments {@code --}, {@code #} and
 * {@code /* *}{@code /}, of which MySQL runs the inside of {@code /*!}; strings with doubled quotes
 * or backslashes; names in backticks, brackets or double quotes. It never fails: a string that is
 * not closed goes to the end. One pass.
 */
final class SqlLexer {
  /**
   * Tokens after which reading stops, which is said as a part left out: more is a data load and no
   * query.
   */
  static final int MOST_TOKENS = 200_000;

  enum Kind {
    WORD,
    NUMBER,
    STRING,
    OPERATOR,
    COMMENT
  }

  /**
   * A token.
   *
   * @param text upper case for words, without quotes for strings, as written otherwise
   */
  record Token(Kind kind, String text, int start, int end) {
    boolean is(String word) {
      return (kind == Kind.WORD || kind == Kind.OPERATOR) && text.equals(word);
    }

    boolean isLiteral() {
      return kind == Kind.NUMBER || kind == Kind.STRING;
    }
  }

  private final String text;
  private final List<Token> tokens = new ArrayList<>();
  private int pos;

  private SqlLexer(String text, int from) {
    this.text = text;
    this.pos = from;
  }

  /**
   * Tokens from a character on; a spent budget ends the text, and so do {@link #MOST_TOKENS}, which
   * the budget is told.
   */
  static List<Token> read(String text, int from, InspectionBudget budget) {
    SqlLexer lexer = new SqlLexer(text, from);
    int steps = 0;
    while (lexer.pos < text.length() && lexer.tokens.size() < MOST_TOKENS) {
      if ((++steps & 1023) == 0 && budget.spent()) {
        break;
      }
      lexer.next();
    }
    if (lexer.tokens.size() >= MOST_TOKENS && lexer.pos < text.length()) {
      budget.leaveOut();
    }
    return lexer.tokens;
  }

  private void next() {
    char c = text.charAt(pos);
    int from = pos;
    if (Character.isWhitespace(c)) {
      pos++;
    } else if (text.startsWith("--", pos) || c == '#') {
      int line = text.indexOf('\n', pos);
      pos = line < 0 ? text.length() : line;
      add(Kind.COMMENT, "--", from);
    } else if (text.startsWith("/*", pos)) {
      comment();
    } else if (c == '\'' || c == '"' || c == '`') {
      string(c);
    } else if (Character.isDigit(c)) {
      number();
    } else if (Character.isLetter(c) || c == '_' || c == '@' || c == '$') {
      while (pos < text.length() && isNamePart(text.charAt(pos))) {
        pos++;
      }
      add(Kind.WORD, Letters.upper(text.substring(from, pos)), from);
    } else {
      operator();
    }
  }

  private void add(Kind kind, String token, int from) {
    tokens.add(new Token(kind, token, from, pos));
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '@';
  }

  private void comment() {
    int from = pos;
    if (text.startsWith("/*!", pos)) {
      // MySQL runs what stands inside; the closing mark becomes two operators that nobody asks for.
      pos += 3;
      while (pos < text.length() && Character.isDigit(text.charAt(pos))) {
        pos++;
      }
      return;
    }
    int close = text.indexOf("*/", pos + 2);
    pos = close < 0 ? text.length() : close + 2;
    add(Kind.COMMENT, close < 0 ? "--" : "/**/", from);
  }

  private void string(char quote) {
    int from = pos++;
    StringBuilder out = new StringBuilder();
    while (pos < text.length()) {
      char c = text.charAt(pos);
      if (c == quote) {
        if (pos + 1 >= text.length() || text.charAt(pos + 1) != quote) {
          break;
        }
        pos++;
      } else if (c == '\\'
          && quote == '\''
          && pos + 1 < text.length()
          && text.charAt(pos + 1) == '\'') {
        pos++;
      }
      out.append(text.charAt(pos++));
    }
    pos = Math.min(text.length(), pos + 1);
    if (quote == '`') {
      add(Kind.WORD, Letters.upper(out.toString()), from);
    } else {
      add(Kind.STRING, out.toString(), from);
    }
  }

  private void number() {
    int from = pos;
    while (pos < text.length()
        && (Character.isLetterOrDigit(text.charAt(pos)) || text.charAt(pos) == '.')) {
      pos++;
    }
    add(Kind.NUMBER, text.substring(from, pos), from);
  }

  private void operator() {
    int from = pos;
    for (String two : List.of("||", "&&", "<>", "!=", "<=", ">=", "==", "::", ":=")) {
      if (text.startsWith(two, pos)) {
        pos += 2;
        add(Kind.OPERATOR, two, from);
        return;
      }
    }
    pos++;
    add(Kind.OPERATOR, text.substring(from, pos), from);
  }
}
