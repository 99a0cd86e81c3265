package io.llmtrace.policies.expression;

import java.util.List;
import java.util.stream.Collectors;

/** Writes a tree as CEL, for people to read. */
final class Printer {
  private static final int CHOICE = 1;
  private static final int OR = 2;
  private static final int AND = 3;
  private static final int RELATION = 4;
  private static final int SUM = 5;
  private static final int PRODUCT = 6;
  private static final int SIGN = 7;
  private static final int MEMBER = 8;

  private Printer() {}

  static String print(Expression expression) {
    return print(expression, CHOICE);
  }

  /** In parentheses where it binds less tightly than where it stands. */
  private static String print(Expression expression, int around) {
    String text = text(expression);
    return precedence(expression) < around ? "(" + text + ")" : text;
  }

  private static int precedence(Expression expression) {
    if (expression instanceof Expression.Constant constant) {
      return constant.text().startsWith("-") && constant.type() != Expression.Type.STRING
          ? SIGN
          : MEMBER;
    }
    if (!(expression instanceof Expression.Call call)) {
      return MEMBER;
    }
    return switch (call.function()) {
      case "?:" -> CHOICE;
      case "||" -> OR;
      case "&&" -> AND;
      case "==", "!=", "<", "<=", ">", ">=", "in" -> RELATION;
      case "+" -> SUM;
      case "-" -> call.arguments().size() == 1 ? SIGN : SUM;
      case "*", "/", "%" -> PRODUCT;
      case "!" -> SIGN;
      default -> MEMBER;
    };
  }

  private static String text(Expression expression) {
    if (expression instanceof Expression.Constant constant) {
      return constant.type() == Expression.Type.STRING ? quoted(constant.text()) : constant.text();
    }
    if (expression instanceof Expression.Variable variable) {
      return variable.name();
    }
    if (expression instanceof Expression.Field field) {
      String text = print(field.of(), MEMBER) + "." + field.name();
      return field.test() ? "has(" + text + ")" : text;
    }
    if (expression instanceof Expression.Items items) {
      return "[" + list(items.items()) + "]";
    }
    if (expression instanceof Expression.Call call) {
      return call(call);
    }
    Expression.Loop loop = (Expression.Loop) expression;
    StringBuilder text = new StringBuilder(print(loop.over(), MEMBER));
    text.append('.').append(loop.kind().label()).append('(').append(loop.each());
    if (loop.condition() != null) {
      text.append(", ").append(print(loop.condition()));
    }
    if (loop.value() != null) {
      text.append(", ").append(print(loop.value()));
    }
    return text.append(')').toString();
  }

  private static String call(Expression.Call call) {
    List<Expression> arguments = call.arguments();
    int own = precedence(call);
    if (own == SIGN) {
      // In parentheses too: CEL takes two signs in a row for none, and one before digits for
      // theirs.
      Expression of = arguments.get(0);
      return call.function()
          + (of instanceof Expression.Constant ? "(" + print(of) + ")" : print(of, MEMBER));
    }
    if (own == CHOICE) {
      return print(arguments.get(0), OR)
          + " ? "
          + print(arguments.get(1), OR)
          + " : "
          + print(arguments.get(2), CHOICE);
    }
    if (own == AND || own == OR) {
      return arguments.stream()
          .map(each -> print(each, own + 1))
          .collect(Collectors.joining(" " + call.function() + " "));
    }
    if (own < MEMBER) {
      return print(arguments.get(0), own)
          + " "
          + call.function()
          + " "
          + print(arguments.get(1), own + 1);
    }
    if (call.function().equals("[]")) {
      return print(arguments.get(0), MEMBER) + "[" + print(arguments.get(1)) + "]";
    }
    boolean global = arguments.size() == 1 && Times.Part.of(call.function()) == null;
    return global
        ? call.function() + "(" + print(arguments.get(0)) + ")"
        : print(arguments.get(0), MEMBER)
            + "."
            + call.function()
            + "("
            + list(arguments.subList(1, arguments.size()))
            + ")";
  }

  private static String list(List<Expression> expressions) {
    return expressions.stream().map(Printer::print).collect(Collectors.joining(", "));
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("'");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\', '\'' -> quoted.append('\\').append(c);
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        default -> {
          if (Character.isISOControl(c)) {
            quoted.append(String.format("\\u%04x", (int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    return quoted.append('\'').toString();
  }
}
