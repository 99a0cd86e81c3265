package io.llmtrace.policies.expression;

import dev.cel.common.CelIssue;
import io.llmtrace.policies.expression.ExpressionException.Problem;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Says in plain words what CEL's parser and checker say, with what would be right. */
final class CheckerAdvice {
  private static final Pattern UNDECLARED = Pattern.compile("undeclared reference to '([^']*)'.*");
  private static final Pattern FIELD = Pattern.compile("undefined field '([^']*)'.*");
  private static final Pattern NO_FIELDS =
      Pattern.compile("type '(.*)' does not support field selection");
  private static final Pattern OVERLOAD =
      Pattern.compile("found no matching overload for '([^']*)' applied to '(.*)' \\(candidates.*");
  private static final Pattern RESULT = Pattern.compile("expected type 'bool' but found '(.*)'");
  private static final Pattern RANGE =
      Pattern.compile("expression of type '(.*)' cannot be range of a comprehension.*");
  private static final Pattern RESERVED = Pattern.compile("reserved identifier: (.*)");
  private static final Pattern MISSING = Pattern.compile("missing (.*) at .*");
  private static final Pattern UNEXPECTED =
      Pattern.compile("(?:extraneous|mismatched) input '(.*?)' expecting .*", Pattern.DOTALL);
  private static final Pattern NO_ALTERNATIVE =
      Pattern.compile("no viable alternative at input '(.*)'", Pattern.DOTALL);
  private static final Pattern TOKEN =
      Pattern.compile("token recognition error at: '(.*)'", Pattern.DOTALL);
  private static final Pattern LIMIT = Pattern.compile(".*(?:recursion|nesting|exceed).*");
  private static final Set<String> ORDER = Set.of("<", "<=", ">", ">=");
  private static final int LONGEST_QUOTE = 40;

  private final String cel;
  private final int line;
  private final int column;

  private CheckerAdvice(String cel, CelIssue issue) {
    this.cel = cel;
    this.line = Math.max(1, issue.getSourceLocation().getLine());
    this.column = Math.max(0, issue.getSourceLocation().getColumn()) + 1;
  }

  static Problem problem(String cel, CelIssue issue) {
    CheckerAdvice advice = new CheckerAdvice(cel, issue);
    Problem problem = advice.ofChecker(issue.getMessage());
    if (problem == null) {
      problem = advice.ofParser(issue.getMessage());
    }
    return problem == null ? advice.problem(issue.getMessage(), "") : problem;
  }

  private Problem problem(String message, String suggestion) {
    return new Problem(line, column, message, suggestion);
  }

  private @Nullable Problem ofChecker(String message) {
    Matcher undeclared = UNDECLARED.matcher(message);
    if (undeclared.matches()) {
      return undeclared(undeclared.group(1));
    }
    Matcher field = FIELD.matcher(message);
    if (field.matches()) {
      return problem(
          "a finding has no field '" + field.group(1) + "'",
          Advice.nearest(field.group(1), FindingFields.labels()));
    }
    Matcher noFields = NO_FIELDS.matcher(message);
    if (noFields.matches()) {
      String type = plain(noFields.group(1));
      return problem(
          "a " + type + " has no fields",
          type.startsWith("list")
              ? "ask of its elements: list.exists(each, condition)"
              : "functions are called with parentheses, such as text.size()");
    }
    Matcher overload = OVERLOAD.matcher(message);
    if (overload.matches()) {
      return overload(Translator.written(overload.group(1)), plain(overload.group(2)));
    }
    Matcher result = RESULT.matcher(message);
    if (result.matches()) {
      String type = plain(result.group(1));
      return problem(
          "a condition is true or false; this is a " + type,
          type.startsWith("list")
              ? "size(list) > 0, or list.exists(each, condition)"
              : "compare it with something, such as model == 'gpt-4o'");
    }
    Matcher range = RANGE.matcher(message);
    if (range.matches()) {
      return problem(
          "a " + plain(range.group(1)) + " is no list to run over",
          "there are: findings, tools, zones");
    }
    return null;
  }

  private Problem undeclared(String name) {
    String here = fromHere();
    if (here.startsWith("(")) {
      Problem at =
          new Problem(
              line,
              Math.max(1, column - name.length()),
              "there is no function '" + name + "'",
              Advice.nearest(name, Functions.CALLS.keySet()));
      String call = Functions.CALLS.get(name);
      return call == null
          ? at
          : new Problem(
              at.line(), at.column(), "'" + name + "' is called otherwise", "such as " + call);
    }
    if (FindingFields.of(name) != null) {
      return problem(
          "'" + name + "' is of a finding, and there may be many",
          "ask whether there is one: findings.exists(f, f." + name + " == …)");
    }
    return problem("there is no variable '" + name + "'", Advice.nearest(name, Variables.names()));
  }

  /** The text from where the problem is on. */
  private String fromHere() {
    int start = 0;
    for (int i = 1; i < line; i++) {
      start = cel.indexOf('\n', start) + 1;
    }
    int codePoints = cel.codePointCount(start, cel.length());
    return cel.substring(cel.offsetByCodePoints(start, Math.min(codePoints, column - 1)));
  }

  private Problem overload(String function, String types) {
    String message =
        switch (function) {
          case "&&", "||", "!" -> "'" + function + "' joins conditions, not " + types;
          case "?:" -> "'?:' chooses by a condition between two of one type, not " + types;
          default -> "'" + function + "' is not for " + types;
        };
    return problem(message, overloadAdvice(function, types));
  }

  private static String overloadAdvice(String function, String types) {
    boolean equality = function.equals("==") || function.equals("!=");
    if (equality && (types.equals("(double, int)") || types.equals("(int, double)"))) {
      return "write the number with a point, such as 1.0";
    }
    if (equality || ORDER.contains(function)) {
      if (types.contains("list") && types.contains("string")) {
        return "ask whether the list has it: 'name' in list";
      }
      if (types.contains("timestamp")) {
        return "write timestamp('2027-01-31T00:00:00Z')";
      }
      if (types.contains("duration")) {
        return "write duration('1h30m')";
      }
      if (types.equals("(int, string)")) {
        return "numbers and severities stand without quotes, such as high";
      }
      if (types.equals("(string, int)") || types.equals("(string, double)")) {
        return "write the number in quotes, or compare int(text)";
      }
      return "both sides have to be of one type";
    }
    return switch (function) {
      case "&&", "||", "!" -> "compare it with something, such as model == 'gpt-4o'";
      case "+" ->
          types.contains("string") ? "write string(number)" : "both sides have to be of one type";
      case "in" ->
          types.equals("(string, string)")
              ? "write text.contains('part'); `in` looks into a list"
              : "write 'name' in list";
      case "?:" -> "make both choices of one type";
      default -> Functions.advice(function);
    };
  }

  private @Nullable Problem ofParser(String message) {
    Matcher reserved = RESERVED.matcher(message);
    if (reserved.matches()) {
      return problem(
          "'" + reserved.group(1) + "' is a word that CEL keeps for itself",
          reserved.group(1).equals("if") ? "write condition ? one : other" : "");
    }
    if (message.contains("has() macro")) {
      return problem("has() asks whether a header is there", Functions.advice("has"));
    }
    Matcher missing = MISSING.matcher(message);
    if (missing.matches()) {
      return problem("here " + missing.group(1) + " is missing", "");
    }
    Matcher token = TOKEN.matcher(message);
    if (token.matches()) {
      String text = token.group(1);
      return text.startsWith("'") || text.startsWith("\"")
          ? problem(
              "a text that is not well written",
              "it ends with the quotation mark it begins with, and a backslash in it is \\\\")
          : problem("'" + quote(text) + "' means nothing here", "");
    }
    Matcher unexpected = UNEXPECTED.matcher(message);
    if (!unexpected.matches()) {
      unexpected = NO_ALTERNATIVE.matcher(message);
    }
    if (unexpected.matches()) {
      return unexpected.group(1).endsWith("<EOF>")
          ? problem("the condition ends too early", "")
          : problem("'" + quote(unexpected.group(1)) + "' is not expected here", "");
    }
    return LIMIT.matcher(message).matches()
        ? problem(
            "the condition is too large: at most "
                + Expressions.DEEPEST
                + " levels and "
                + Expressions.MOST_NODES
                + " parts are possible",
            "split it into several rules")
        : null;
  }

  private static String quote(String text) {
    return text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "…";
  }

  /** Names of types as this project writes them. */
  private static String plain(String types) {
    return types
        .replace("google.protobuf.Timestamp", "timestamp")
        .replace("google.protobuf.Duration", "duration")
        .replace(FindingTypes.NAME, "finding")
        .replace("map(string, string)", "map of headers")
        .replaceAll("list\\((\\w+)\\)", "list of $1");
  }
}
