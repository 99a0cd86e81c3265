package io.llmtrace.policies.detect.action;

import static io.llmtrace.policies.detect.Severity.HIGH;
import static io.llmtrace.policies.detect.Severity.MEDIUM;
import static io.llmtrace.policies.detect.action.SqlPhrases.at;
import static io.llmtrace.policies.detect.action.SqlPhrases.isTautology;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.action.SqlLexer.Kind;
import io.llmtrace.policies.detect.action.SqlLexer.Token;
import io.llmtrace.policies.detect.parse.Letters;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with an argument that is a value: that it leaves its place in a query is the attack
 * (CWE-89; OWASP testing guide, WSTG-INPV-05). {@link SqlQueryRules} reads the arguments that are
 * queries.
 */
final class SqlInjectionRules {
  /** What a value is for: it says how much prose may stand in front of an attack. */
  enum Value {
    /** A plain value, such as a name or a number. */
    PLAIN,
    /** Words for a search: people may quote SQL in them. */
    SEARCH
  }

  private static final int LONGEST_VALUE = 4096;
  private static final int MOST_BREAKS = 16;

  private SqlInjectionRules() {}

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
          && (SqlPhrases.DELAYS.contains(token.text())
              || SqlPhrases.ERROR_FUNCTIONS.contains(token.text())
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
    if (!SqlPhrases.SECOND_STATEMENTS.contains(first)) {
      return false;
    }
    String tail = Letters.lower(text.substring(rest.get(0).start()));
    return SqlStatements.looksLikeStatement(tail, budget)
        || first.equals("WAITFOR")
        || first.equals("SHUTDOWN")
        || (first.startsWith("EXEC") && (tail.contains("xp_") || tail.contains("sp_")))
        || (first.equals("DECLARE") && tail.contains("@"));
  }
}
