package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.LOW;
import static io.llmtrace.policies.detect.Severity.MEDIUM;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.action.SqlLexer.Kind;
import io.llmtrace.policies.detect.action.SqlLexer.Token;
import io.llmtrace.policies.detect.parse.Letters;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with SQL in an argument. Two questions, because the same words mean two things: in
 * an argument that is a query, only what a statement does counts; in one that is a value, that it
 * leaves its place in a query is the attack (CWE-89; OWASP testing guide, WSTG-INPV-05).
 */
final class SqlRules {
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

  private static final Set<String> CHANGING =
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

  private static final Set<String> DELAYS =
      Set.of("SLEEP", "BENCHMARK", "PG_SLEEP", "DBMS_LOCK", "DBMS_SESSION", "RECEIVE_MESSAGE");

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

  private static final Set<String> ERROR_FUNCTIONS = Set.of("EXTRACTVALUE", "UPDATEXML");

  private static final Set<String> PASSWORD_TABLES =
      Set.of("PG_SHADOW", "PG_AUTHID", "SYSLOGINS", "SQL_LOGINS", "DBA_USERS");

  private static final int MOST_OF_STATEMENTS = 20;
  private static final int MOST_DANGERS = 40;

  private SqlRules() {}

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

  private static boolean has(List<Token> tokens, String word) {
    return tokens.stream().anyMatch(t -> t.is(word));
  }

  /** A name as it stands, in quotes or in brackets. */
  private static boolean isName(Token token) {
    return token.kind() == Kind.WORD || token.kind() == Kind.STRING || token.is("[");
  }

  private static boolean isObject(Token token) {
    return Set.of(
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
            "IF")
        .contains(token.text());
  }

  // ---- queries -----------------------------------------------------------------------------

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
        && CHANGING.contains(tokens.get(0).text())
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
      } else if (DELAYS.contains(word) && (call || next.is("."))) {
        add(out, "sql-delay", HIGH, 0.8, token);
      } else if (word.equals("WAITFOR") && next.is("DELAY")) {
        add(out, "sql-delay", HIGH, 0.85, token);
      } else if (ERROR_FUNCTIONS.contains(word) && call && concatenates(tokens, i)) {
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

  private static boolean at(List<Token> tokens, int index, String word) {
    return index < tokens.size() && tokens.get(index).is(word);
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

  /** {@code 1=1}, {@code 'a'='a'}, {@code 'x' LIKE 'x'}, {@code 1<2}, or a bare {@code TRUE}. */
  private static boolean isTautology(List<Token> tokens, int from) {
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

  // ---- values ------------------------------------------------------------------------------

  /** How sure an argument has to be of being an attack. */
  enum Value {
    /** A plain value, such as a name or a number. */
    PLAIN,
    /** Words for a search: people may quote SQL in them. */
    SEARCH
  }

  private static final int LONGEST_VALUE = 4096;
  private static final int MOST_BREAKS = 16;

  /** Reads an argument that is a value: does it leave its place in a query? */
  static List<Danger> value(String text, Value kind, InspectionBudget budget) {
    if (text.length() > LONGEST_VALUE || text.length() < 3) {
      return List.of();
    }
    int breaks = 0;
    for (int i = 0; i < text.length() && breaks < MOST_BREAKS; i++) {
      char c = text.charAt(i);
      boolean quote = c == '\'' || c == '"' || c == ')' || c == '\u2019';
      boolean number = Character.isWhitespace(c) && i > 0 && isPlainHead(text, i);
      boolean end = c == ';' && (i == 0 || isPlainHead(text, i));
      if (!quote && !number && !end) {
        continue;
      }
      breaks++;
      int words = words(text, i);
      if (words > (kind == Value.SEARCH ? 1 : 4)) {
        break;
      }
      Danger danger = escape(text, end ? i : i + 1, i, budget);
      if (danger != null) {
        return List.of(danger);
      }
    }
    return List.of();
  }

  /** Whether all before is one word or number: {@code 1 OR 1=1} needs no quote. */
  private static boolean isPlainHead(String text, int end) {
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      if (!Character.isLetterOrDigit(c) && c != '-' && c != '_' && c != '.') {
        return false;
      }
    }
    return true;
  }

  private static int words(String text, int end) {
    int words = 0;
    for (int i = 0; i < end; i++) {
      boolean starts =
          !Character.isWhitespace(text.charAt(i))
              && (i == 0 || Character.isWhitespace(text.charAt(i - 1)));
      words += starts ? 1 : 0;
    }
    return words;
  }

  private static @Nullable Danger escape(String text, int from, int at, InspectionBudget budget) {
    List<Token> tokens = SqlLexer.read(text, from, budget);
    boolean cut = !tokens.isEmpty() && isCut(tokens, text);
    tokens.removeIf(t -> t.kind() == Kind.COMMENT);
    int i = 0;
    while (i < tokens.size() && (tokens.get(i).is(")") || tokens.get(i).is("'"))) {
      i++;
    }
    char broken = text.charAt(at);
    boolean quoted = broken == '\'' || broken == '"';
    if (i >= tokens.size()) {
      return cut && quoted && words(text, at) <= 1
          ? Danger.sql("sql-comment-cut", HIGH, 0.8, at, text.length())
          : null;
    }
    String word = tokens.get(i).text();
    int end = text.length();
    switch (word) {
      case "OR", "AND", "||", "&&", "XOR", "HAVING", "WHERE" -> {
        if (isTautology(tokens, i + 1) && endsThere(tokens, i + 1, quoted || cut)) {
          return Danger.sql("sql-tautology", HIGH, 0.9, at, end);
        }
        return calls(tokens, i + 1) ? Danger.sql("sql-blind", HIGH, 0.9, at, end) : null;
      }
      case "UNION" -> {
        int next = at(tokens, i + 1, "ALL") || at(tokens, i + 1, "DISTINCT") ? i + 2 : i + 1;
        next = at(tokens, next, "(") ? next + 1 : next;
        return at(tokens, next, "SELECT") && tokens.size() > next + 1
            ? Danger.sql("sql-union", HIGH, 0.9, at, end)
            : null;
      }
      case "ORDER", "GROUP" -> {
        boolean probes =
            at(tokens, i + 1, "BY")
                && i + 2 < tokens.size()
                && tokens.get(i + 2).kind() == Kind.NUMBER
                && cut;
        return probes ? Danger.sql("sql-probe", MEDIUM, 0.75, at, end) : null;
      }
      case ";" -> {
        return i + 1 < tokens.size() && stacks(tokens.subList(i + 1, tokens.size()), text, budget)
            ? Danger.sql("sql-stacked", HIGH, 0.9, at, end)
            : null;
      }
      default -> {
        return null;
      }
    }
  }

  /** A comment at the end that has nothing behind it but what scanners put there. */
  private static boolean isCut(List<Token> tokens, String text) {
    Token last = tokens.get(tokens.size() - 1);
    return last.kind() == Kind.COMMENT
        && last.text().equals("--")
        && text.length() - last.start() <= 5;
  }

  /** Prose goes on after {@code or 1=1}; an attack has a comment, a bracket or nothing there. */
  private static boolean endsThere(List<Token> tokens, int from, boolean broken) {
    int end = Math.min(tokens.size(), from + 3);
    if (end >= tokens.size()) {
      return true;
    }
    Token next = tokens.get(end);
    return broken
        && (next.kind() == Kind.OPERATOR
            || next.kind() == Kind.STRING
            || Set.of("LIMIT", "ORDER", "AND", "OR", "UNION").contains(next.text()));
  }

  private static boolean calls(List<Token> tokens, int from) {
    for (int i = from; i < Math.min(tokens.size(), from + 12); i++) {
      Token token = tokens.get(i);
      boolean call = at(tokens, i + 1, "(") || at(tokens, i + 1, ".");
      if (token.kind() == Kind.WORD
          && call
          && (DELAYS.contains(token.text())
              || ERROR_FUNCTIONS.contains(token.text())
              || Set.of("SUBSTRING", "ASCII", "SUBSTR", "MID").contains(token.text()))) {
        return true;
      }
      if (token.is("(") && at(tokens, i + 1, "SELECT")) {
        return true;
      }
    }
    return false;
  }

  private static boolean stacks(List<Token> rest, String text, InspectionBudget budget) {
    String first = rest.get(0).text();
    if (!CHANGING.contains(first)) {
      return false;
    }
    String tail = Letters.lower(text.substring(rest.get(0).start()));
    return looksLikeStatement(tail, budget)
        || first.equals("WAITFOR")
        || first.equals("SHUTDOWN")
        || (first.startsWith("EXEC") && (tail.contains("xp_") || tail.contains("sp_")))
        || (first.equals("DECLARE") && tail.contains("@"));
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
}
