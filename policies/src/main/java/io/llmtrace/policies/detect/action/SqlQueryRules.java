package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.LOW;
import static io.llmtrace.policies.detect.Severity.MEDIUM;
import static io.llmtrace.policies.detect.action.SqlPhrases.at;
import static io.llmtrace.policies.detect.action.SqlPhrases.has;
import static io.llmtrace.policies.detect.action.SqlPhrases.isTautology;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.action.SqlLexer.Kind;
import io.llmtrace.policies.detect.action.SqlLexer.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What is wrong with an argument that is a query: only what a statement does counts, because SQL is
 * what is asked for here. {@link SqlInjectionRules} reads the arguments that are values.
 */
final class SqlQueryRules {
  private static final Set<String> SERVER_FUNCTIONS =
      Set.of(
          "LOAD_FILE",
          "PG_READ_FILE",
          "PG_READ_BINARY_FILE",
          "PG_LS_DIR",
          "LO_IMPORT",
          "LO_EXPORT",
          "SYS_EXEC",
          "SYS_EVAL",
          "UTL_HTTP",
          "UTL_INADDR",
          "UTL_FILE",
          "DBMS_LDAP",
          "DBMS_SCHEDULER",
          "OPENROWSET",
          "OPENDATASOURCE",
          "LOAD_EXTENSION",
          "DBLINK_CONNECT",
          "XP_DIRTREE",
          "XP_FILEEXIST",
          "XP_REGREAD",
          "SP_OACREATE",
          "SP_OAMETHOD");

  private static final Set<String> PASSWORD_TABLES =
      Set.of("PG_SHADOW", "PG_AUTHID", "SYSLOGINS", "SQL_LOGINS", "DBA_USERS");

  private static final int MOST_OF_STATEMENTS = 20;
  private static final int MOST_DANGERS = 40;

  private SqlQueryRules() {}

  /** Reads an argument that is a query. */
  static List<Danger> query(String text, InspectionBudget budget) {
    List<Danger> dangers = new ArrayList<>();
    List<Token> tokens = SqlLexer.read(text, 0, budget);
    List<List<Token>> statements = statements(tokens);
    boolean readsFirst = false;
    for (int i = 0; i < statements.size() && !budget.spent(); i++) {
      if (dangers.size() >= MOST_OF_STATEMENTS) {
        budget.leaveOut();
        break;
      }
      List<Token> statement = statements.get(i);
      boolean piggyBacked = readsFirst && i > 0;
      statement(statement, piggyBacked, dangers);
      readsFirst |= i == 0 && (statement.get(0).is("SELECT") || statement.get(0).is("WITH"));
    }
    server(tokens, budget, dangers);
    return dangers;
  }

  /** Statements in the code of an answer: only what reaches the server is worth a word. */
  static List<Danger> inAnswer(String text, InspectionBudget budget) {
    List<Danger> dangers = new ArrayList<>();
    server(SqlLexer.read(text, 0, budget), budget, dangers);
    List<Danger> slight = new ArrayList<>();
    for (Danger d : dangers) {
      if (d.severity() == CRITICAL) {
        slight.add(new Danger(d.type(), d.rule(), LOW, d.confidence(), d.start(), d.end()));
      }
    }
    return slight;
  }

  /** Statements without comments; empty ones left out. */
  private static List<List<Token>> statements(List<Token> tokens) {
    List<List<Token>> statements = new ArrayList<>();
    List<Token> statement = new ArrayList<>();
    for (Token token : tokens) {
      if (token.is(";")) {
        if (!statement.isEmpty()) {
          statements.add(statement);
        }
        statement = new ArrayList<>();
      } else if (token.kind() != Kind.COMMENT) {
        statement.add(token);
      }
    }
    if (!statement.isEmpty()) {
      statements.add(statement);
    }
    return statements;
  }

  private static void statement(List<Token> tokens, boolean piggyBacked, List<Danger> out) {
    int start = tokens.get(0).start();
    int end = tokens.get(tokens.size() - 1).end();
    String second = tokens.size() > 1 ? tokens.get(1).text() : "";
    String rule = "";
    switch (tokens.get(0).text()) {
      case "DROP" -> {
        if (Set.of("TABLE", "DATABASE", "SCHEMA", "USER", "ROLE", "VIEW").contains(second)) {
          rule = "sql-drop";
        }
      }
      case "TRUNCATE" -> rule = "sql-drop";
      case "DELETE", "UPDATE" -> {
        if (!has(tokens, "WHERE") && tokens.size() > 2 && !has(tokens, "LIMIT")) {
          rule = "sql-change-all";
        }
      }
      case "ALTER", "CREATE" -> {
        if (Set.of("USER", "ROLE", "LOGIN", "SYSTEM").contains(second)) {
          rule = "sql-rights";
        }
      }
      case "GRANT" -> rule = "sql-rights";
      case "SHUTDOWN" -> rule = "sql-shutdown";
      default -> {}
    }
    if (!rule.isEmpty()) {
      out.add(Danger.sql(rule, piggyBacked ? HIGH : MEDIUM, 0.8, start, end));
    } else if (piggyBacked
        && SqlPhrases.SECOND_STATEMENTS.contains(tokens.get(0).text())
        && !tokens.get(0).is("SELECT")) {
      out.add(Danger.sql("sql-stacked", MEDIUM, 0.6, start, end));
    }
    for (int i = 0; i + 2 < tokens.size(); i++) {
      if (tokens.get(i).is("OR") && isTautology(tokens, i + 1)) {
        out.add(
            Danger.sql(
                "sql-tautology", MEDIUM, 0.75, tokens.get(i).start(), tokens.get(i + 2).end()));
        return;
      }
    }
  }

  /** What reaches from the database to its machine, and what only an attacker asks of it. */
  private static void server(List<Token> tokens, InspectionBudget budget, List<Danger> out) {
    for (int i = 0; i < tokens.size(); i++) {
      if ((i & 1023) == 1023 && budget.spent()) {
        return;
      }
      if (out.size() >= MOST_DANGERS) {
        budget.leaveOut();
        return;
      }
      Token token = tokens.get(i);
      if (token.kind() != Kind.WORD) {
        continue;
      }
      String word = token.text();
      Token next = i + 1 < tokens.size() ? tokens.get(i + 1) : token;
      boolean call = next.is("(");
      if (word.equals("XP_CMDSHELL") || (word.equals("PROGRAM") && i > 0 && isCopy(tokens, i))) {
        add(out, "sql-run-command", CRITICAL, 0.95, token);
      } else if (word.equals("INTO") && (next.is("OUTFILE") || next.is("DUMPFILE"))) {
        add(out, "sql-write-file", HIGH, 0.9, token);
      } else if (SERVER_FUNCTIONS.contains(word)) {
        add(out, "sql-reach-server", HIGH, 0.85, token);
      } else if (SqlPhrases.DELAYS.contains(word) && (call || next.is("."))) {
        add(out, "sql-delay", HIGH, 0.8, token);
      } else if (word.equals("WAITFOR") && next.is("DELAY")) {
        add(out, "sql-delay", HIGH, 0.85, token);
      } else if (SqlPhrases.ERROR_FUNCTIONS.contains(word) && call && concatenates(tokens, i)) {
        add(out, "sql-error-leak", HIGH, 0.85, token);
      } else if (PASSWORD_TABLES.contains(word)
          || (word.equals("MYSQL") && next.is(".") && at(tokens, i + 2, "USER"))) {
        add(out, "sql-read-passwords", HIGH, 0.8, token);
      } else if (word.equals("UNION") && leaksSchema(tokens, i)) {
        add(out, "sql-union", MEDIUM, 0.65, token);
      }
    }
  }

  private static void add(
      List<Danger> out, String rule, Severity severity, double confidence, Token token) {
    out.add(Danger.sql(rule, severity, confidence, token.start(), token.end()));
  }

  private static boolean isCopy(List<Token> tokens, int program) {
    Token before = tokens.get(program - 1);
    return before.is("FROM") || before.is("TO");
  }

  private static boolean concatenates(List<Token> tokens, int from) {
    for (int i = from; i < Math.min(tokens.size(), from + 20); i++) {
      if (tokens.get(i).is("CONCAT") || tokens.get(i).is("0X7E")) {
        return true;
      }
    }
    return false;
  }

  private static boolean leaksSchema(List<Token> tokens, int from) {
    for (int i = from; i < Math.min(tokens.size(), from + 60); i++) {
      String word = tokens.get(i).text();
      if (word.equals("INFORMATION_SCHEMA")
          || word.equals("SQLITE_MASTER")
          || word.equals("PASSWORD")
          || word.equals("PASSWD")) {
        return true;
      }
    }
    return false;
  }
}
