package io.llmtrace.policies.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Nodes for operators, by the types of what they stand between. */
final class Operators {
  private Operators() {}

  /** Null where there is no such operator for these. */
  static @Nullable Node node(Expression.Call call, List<Node> arguments) {
    switch (call.function()) {
      case "&&", "||" -> {
        return junction(call, arguments);
      }
      case "!" -> {
        return arguments.size() == 1 && arguments.get(0) instanceof Node.Bool bool
            ? new Logic.Not(bool)
            : null;
      }
      case "?:" -> {
        return arguments.size() == 3 ? choice(arguments) : null;
      }
      default -> {}
    }
    if (arguments.size() == 1 && call.function().equals("-")) {
      Node of = arguments.get(0);
      if (of instanceof Node.Int number && of.type == ValueType.INT) {
        return new Numbers.IntNegation(number);
      }
      return of instanceof Node.Real number ? new Numbers.RealNegation(number) : null;
    }
    if (arguments.size() != 2) {
      return null;
    }
    Node left = arguments.get(0);
    Node right = arguments.get(1);
    Comparisons.Operator comparison = Comparisons.Operator.of(call.function());
    if (comparison != null) {
      return comparison(comparison, left, right);
    }
    return switch (call.function()) {
      case "in" -> membership(left, right);
      case "[]" -> element(left, right);
      default -> arithmetic(call.function(), left, right);
    };
  }

  private static Node.@Nullable Bool junction(Expression.Call call, List<Node> arguments) {
    if (arguments.size() < 2) {
      return null;
    }
    Node.Bool[] operands = new Node.Bool[arguments.size()];
    for (int i = 0; i < operands.length; i++) {
      if (!(arguments.get(i) instanceof Node.Bool operand)) {
        throw new LinkException(
            call.arguments().get(i),
            "'"
                + call.function()
                + "' stands between conditions; this is "
                + arguments.get(i).type.label(),
            "compare it with something");
      }
      operands[i] = operand;
    }
    return new Logic.Junction(
        operands, call.function().equals("&&") ? Node.Bool.FALSE : Node.Bool.TRUE);
  }

  private static @Nullable Node choice(List<Node> arguments) {
    Node yes = arguments.get(1);
    Node no = arguments.get(2);
    if (!(arguments.get(0) instanceof Node.Bool condition) || yes.type != no.type) {
      return null;
    }
    if (yes instanceof Node.Bool a && no instanceof Node.Bool b) {
      return new Logic.BoolChoice(condition, a, b);
    }
    if (yes instanceof Node.Int a && no instanceof Node.Int b) {
      return new Logic.IntChoice(condition, a, b);
    }
    if (yes instanceof Node.Real a && no instanceof Node.Real b) {
      return new Logic.RealChoice(condition, a, b);
    }
    if (yes instanceof Node.Text a && no instanceof Node.Text b) {
      return new Logic.TextChoice(condition, a, b);
    }
    return null;
  }

  private static @Nullable Node comparison(Comparisons.Operator operator, Node left, Node right) {
    if (left instanceof Node.Int a && right instanceof Node.Int b && left.type == right.type) {
      return new Comparisons.Ints(operator, a, b);
    }
    if (left instanceof Node.Real a && right instanceof Node.Real b) {
      return new Comparisons.Reals(operator, a, b);
    }
    if (left instanceof Node.Text a && right instanceof Node.Text b) {
      return texts(operator, a, b);
    }
    if (operator.isOrder()) {
      if (left.type == ValueType.INT && right instanceof Node.Real b) {
        return new Comparisons.IntAndReal(operator, (Node.Int) left, b);
      }
      if (left instanceof Node.Real a && right.type == ValueType.INT) {
        return new Comparisons.IntAndReal(operator.turned(), (Node.Int) right, a);
      }
      return null;
    }
    boolean comparable =
        left.type == right.type
            && (left instanceof Node.Bool
                || (left instanceof Node.Items && left.type != ValueType.FINDINGS));
    return comparable
        ? new Comparisons.Boxed(left, right, operator == Comparisons.Operator.EQUAL)
        : null;
  }

  private static Node.Bool texts(Comparisons.Operator operator, Node.Text a, Node.Text b) {
    if (!operator.isOrder()) {
      boolean wanted = operator == Comparisons.Operator.EQUAL;
      Node.Text text = a instanceof Texts.Constant ? b : a;
      if ((text == a ? b : a) instanceof Texts.Constant constant) {
        return text instanceof FindingFields.OneOf<?> field
            ? field.among(List.of(constant.value), wanted)
            : new Comparisons.TextIs(text, constant.value, wanted);
      }
    }
    return new Comparisons.Texts(operator, a, b);
  }

  private static Node.@Nullable Bool membership(Node left, Node right) {
    if (right instanceof Node.OfHeaders) {
      return left instanceof Node.Text name ? new Headers.Present(name) : null;
    }
    if (!(right instanceof Node.Items list)
        || left.type != right.type.element()
        || left.type == ValueType.FINDING) {
      return null;
    }
    if (!(left instanceof Node.Text text)) {
      return new Lists.Has(left, list);
    }
    if (list instanceof Lists.Constant constant) {
      return text instanceof FindingFields.OneOf<?> field
          ? field.among(constant.values, true)
          : new Lists.TextIn(text, constant.values);
    }
    return new Lists.HasText(text, list);
  }

  private static @Nullable Node element(Node left, Node right) {
    if (left instanceof Node.OfHeaders) {
      return right instanceof Node.Text name ? new Headers.Value(name) : null;
    }
    ValueType element = left.type.element();
    return left instanceof Node.Items list && element != null && right.type == ValueType.INT
        ? Lists.element(list, (Node.Int) right, element)
        : null;
  }

  private static @Nullable Node arithmetic(String symbol, Node left, Node right) {
    Numbers.Operator operator = Numbers.Operator.of(symbol);
    if (operator == null) {
      return null;
    }
    if (left instanceof Node.Real a && right instanceof Node.Real b) {
      return operator == Numbers.Operator.MODULO ? null : new Numbers.RealOperation(operator, a, b);
    }
    if (left instanceof Node.Text a && right instanceof Node.Text b) {
      return operator == Numbers.Operator.PLUS ? new Texts.Concatenation(a, b) : null;
    }
    if (!(left instanceof Node.Int a) || !(right instanceof Node.Int b)) {
      return null;
    }
    if (left.type == ValueType.INT && right.type == ValueType.INT) {
      return new Numbers.IntOperation(operator, a, b);
    }
    ValueType type = shifted(operator, left.type, right.type);
    return type == null
        ? null
        : new Times.Shift(type, a, b, operator == Numbers.Operator.PLUS ? 1 : -1);
  }

  private static @Nullable ValueType shifted(
      Numbers.Operator operator, ValueType left, ValueType right) {
    boolean plus = operator == Numbers.Operator.PLUS;
    if (!plus && operator != Numbers.Operator.MINUS) {
      return null;
    }
    if ((left == ValueType.TIMESTAMP && right == ValueType.DURATION)
        || (plus && left == ValueType.DURATION && right == ValueType.TIMESTAMP)) {
      return ValueType.TIMESTAMP;
    }
    boolean durations = left == ValueType.DURATION && right == ValueType.DURATION;
    boolean times = left == ValueType.TIMESTAMP && right == ValueType.TIMESTAMP;
    return durations || (times && !plus) ? ValueType.DURATION : null;
  }
}
