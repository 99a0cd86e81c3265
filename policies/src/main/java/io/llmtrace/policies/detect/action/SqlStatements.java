package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.action.SqlPhrases.has;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.action.SqlLexer.Kind;
import io.llmtrace.policies.detect.action.SqlLexer.Token;
import java.util.List;
import java.util.Set;

/** Tells a statement of SQL from prose that begins with the same word. */
final class SqlStatements {
  private static final Set<String> FIRST_WORDS =
      Set.of(
          "SELECT",
          "INSERT",
          "UPDATE",
          "DELETE",
          "WITH",
          "CREATE",
          "ALTER",
          "DROP",
          "TRUNCATE",
          "GRANT",
          "REVOKE",
          "EXEC",
          "EXECUTE",
          "CALL",
          "MERGE",
          "REPLACE",
          "EXPLAIN",
          "SHOW",
          "DESCRIBE",
          "PRAGMA",
          "BEGIN",
          "COPY",
          "ATTACH",
          "SET",
          "USE",
          "DECLARE",
          "SHUTDOWN",
          "VACUUM",
          "ANALYZE",
          "LOAD",
          "DO");

  /** What a statement makes, changes or drops. */
  private static final Set<String> OBJECTS =
      Set.of(
          "TABLE",
          "DATABASE",
          "SCHEMA",
          "USER",
          "ROLE",
          "INDEX",
          "VIEW",
          "PROCEDURE",
          "FUNCTION",
          "LOGIN",
          "TEMPORARY",
          "TEMP",
          "UNIQUE",
          "OR",
          "MATERIALIZED",
          "SEQUENCE",
          "TYPE",
          "TRIGGER",
          "EXTENSION",
          "SYSTEM",
          "IF");

  private SqlStatements() {}

  /** Whether a text begins as a statement does. */
  static boolean looksLikeStatement(String text, InspectionBudget budget) {
    String head = text.strip();
    List<Token> tokens = SqlLexer.read(head.substring(0, Math.min(head.length(), 400)), 0, budget);
    tokens.removeIf(t -> t.kind() == Kind.COMMENT);
    while (!tokens.isEmpty() && tokens.get(0).is("(")) {
      tokens.remove(0);
    }
    if (tokens.isEmpty() || tokens.get(0).kind() != Kind.WORD) {
      return false;
    }
    String first = tokens.get(0).text();
    if (!FIRST_WORDS.contains(first) || tokens.size() < 2) {
      return false;
    }
    // "Select a good restaurant" and "update my profile" are requests: grammar tells them apart.
    return switch (first) {
      case "SELECT" ->
          has(tokens, "FROM")
              || has(tokens, "*")
              || has(tokens, "(")
              || tokens.get(1).isLiteral()
              || tokens.get(1).text().startsWith("@");
      // "Update the heading to Results, set it in bold" has the words and no grammar.
      case "UPDATE" -> isName(tokens.get(1)) && has(tokens, "SET") && has(tokens, "=");
      case "INSERT", "REPLACE", "MERGE" -> has(tokens, "INTO");
      case "DELETE" -> tokens.get(1).is("FROM");
      case "DROP", "CREATE", "ALTER", "TRUNCATE" -> isObject(tokens.get(1)) || has(tokens, "TABLE");
      case "GRANT", "REVOKE" -> has(tokens, "ON") || has(tokens, "TO") || has(tokens, "FROM");
      case "WITH" -> has(tokens, "AS") && has(tokens, "SELECT");
      case "COPY" -> has(tokens, "TO") || has(tokens, "FROM");
      case "SET", "USE", "DO", "CALL", "LOAD", "SHOW", "BEGIN" -> head.indexOf(';') > 0;
      default -> true;
    };
  }

  /** A name as it stands, in quotes or in brackets. */
  private static boolean isName(Token token) {
    return token.kind() == Kind.WORD || token.kind() == Kind.STRING || token.is("[");
  }

  private static boolean isObject(Token token) {
    return OBJECTS.contains(token.text());
  }
}
