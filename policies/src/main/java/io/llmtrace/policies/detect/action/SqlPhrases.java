package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.action.SqlLexer.Kind;
import io.llmtrace.policies.detect.action.SqlLexer.Token;
import java.util.List;
import java.util.Set;

/** Words and runs of tokens that mean the same in a query and in a value that breaks out of one. */
final class SqlPhrases {
  /** First words of what attackers put behind a semicolon. */
  static final Set<String> SECOND_STATEMENTS =
      Set.of(
          "DROP",
          "DELETE",
          "UPDATE",
          "INSERT",
          "ALTER",
          "CREATE",
          "TRUNCATE",
          "GRANT",
          "EXEC",
          "EXECUTE",
          "SHUTDOWN",
          "DECLARE",
          "WAITFOR",
          "REPLACE",
          "MERGE",
          "REVOKE",
          "SELECT");

  /** Functions and packages that make a database wait, which answers a question by its time. */
  static final Set<String> DELAYS =
      Set.of("SLEEP", "BENCHMARK", "PG_SLEEP", "DBMS_LOCK", "DBMS_SESSION", "RECEIVE_MESSAGE");

  /** Functions whose error message shows what they were given. */
  static final Set<String> ERROR_FUNCTIONS = Set.of("EXTRACTVALUE", "UPDATEXML");

  private SqlPhrases() {}

  static boolean has(List<Token> tokens, String word) {
    return tokens.stream().anyMatch(t -> t.is(word));
  }

  static boolean at(List<Token> tokens, int index, String word) {
    return index < tokens.size() && tokens.get(index).is(word);
  }

  /** {@code 1=1}, {@code 'a'='a'}, {@code 'x' LIKE 'x'}, {@code 1<2}, or a bare {@code TRUE}. */
  static boolean isTautology(List<Token> tokens, int from) {
    int i = from;
    while (i < tokens.size() && (tokens.get(i).is("(") || tokens.get(i).is("NOT"))) {
      i++;
    }
    if (i >= tokens.size()) {
      return false;
    }
    Token left = tokens.get(i);
    if (i + 2 >= tokens.size()) {
      return left.is("TRUE") || (left.kind() == Kind.NUMBER && left.text().equals("1"));
    }
    Token operator = tokens.get(i + 1);
    Token right = tokens.get(i + 2);
    if (!left.isLiteral() || !right.isLiteral()) {
      // "x = x" with one name twice is true as well.
      return left.kind() == Kind.WORD && operator.is("=") && right.is(left.text());
    }
    return switch (operator.text()) {
      case "=", "==", "LIKE" -> left.text().equals(right.text()) || right.text().isEmpty();
      case "<", ">", "<>", "!=", "<=", ">=" -> left.kind() == right.kind();
      default -> false;
    };
  }
}
