package io.llmtrace.policies.expression;

import io.llmtrace.policies.detect.Finding;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes a condition apart for an explanation. Used once. */
final class Operands {
  /** Characters of a value that are shown. */
  private static final int LONGEST = 120;

  private static final int MOST_VALUES = 20;

  private final Scope scope;

  /** Variables of the loops around what is looked at; their values are in the scope's slots. */
  private final List<Linker.Element> around = new ArrayList<>();

  Operands(Scope scope) {
    this.scope = scope;
  }

  List<Operand> of(Expression expression) {
    List<Operand> operands = new ArrayList<>();
    add(expression, operands);
    return operands;
  }

  private void add(Expression expression, List<Operand> operands) {
    if (expression instanceof Expression.Call call
        && (call.function().equals("&&") || call.function().equals("||"))) {
      call.arguments().forEach(each -> add(each, operands));
    } else {
      operands.add(operand(expression));
    }
  }

  private Operand operand(Expression expression) {
    Evaluation evaluation = Program.evaluate(new Linker(around).condition(expression), scope);
    Map<String, String> values = new LinkedHashMap<>();
    values(expression, values);
    return new Operand(
        Printer.print(expression),
        evaluation.outcome(),
        evaluation.error(),
        values.entrySet().stream()
            .map(each -> new Operand.Value(each.getKey(), each.getValue()))
            .toList(),
        nearest(expression));
  }

  /** The parts of a loop's condition, for the element of which most of them hold. */
  private List<Operand> nearest(Expression expression) {
    Expression inner = expression;
    while (inner instanceof Expression.Call call && call.function().equals("!")) {
      inner = call.arguments().get(0);
    }
    if (!(inner instanceof Expression.Loop loop)
        || loop.condition() == null
        || around.size() == Scope.DEEPEST_LOOP) {
      return List.of();
    }
    Node over = new Linker(around).node(loop.over());
    ValueType element = over.type.element();
    List<?> list = list(over);
    if (list == null || list.isEmpty() || element == null) {
      return List.of();
    }
    int slot = around.size();
    around.add(new Linker.Element(loop.each(), element));
    Object best = best(loop, list, slot);
    scope.slots[slot] = best;
    List<Operand> parts = best == null ? List.of() : of(loop.condition());
    around.remove(slot);
    return parts;
  }

  private @Nullable List<?> list(Node node) {
    scope.begin();
    try {
      return (List<?>) node.boxed(scope);
    } catch (Scope.TooCostlyException e) {
      return null;
    }
  }

  private @Nullable Object best(Expression.Loop loop, List<?> list, int slot) {
    List<Node.Bool> parts = new ArrayList<>();
    conjuncts(loop.condition(), parts);
    Object best = null;
    long most = -1;
    scope.begin();
    try {
      for (Object each : list) {
        // Where as many hold, those that stand first weigh more: people write the type first.
        long hold = 0;
        for (int i = 0; i < parts.size(); i++) {
          scope.charge(1);
          // Parts have loops of their own, which use the slot after this one.
          scope.slots[slot] = each;
          scope.error = null;
          if (parts.get(i).test(scope) == Node.Bool.TRUE) {
            hold += (1L << 48) + (1L << Math.max(0, 40 - i));
          }
        }
        if (hold > most) {
          most = hold;
          best = each;
        }
      }
    } catch (Scope.TooCostlyException e) {
      // The best of those that were looked at is as good for an explanation.
      return best;
    }
    return best;
  }

  private void conjuncts(@Nullable Expression expression, List<Node.Bool> parts) {
    if (expression instanceof Expression.Call call && call.function().equals("&&")) {
      call.arguments().forEach(each -> conjuncts(each, parts));
    } else if (expression != null) {
      parts.add(new Linker(around).condition(expression));
    }
  }

  /** What variables, fields and headers in it are; not those of loops inside of it. */
  private void values(Expression expression, Map<String, String> values) {
    if (values.size() >= MOST_VALUES || expression instanceof Expression.Constant) {
      return;
    }
    if (isValue(expression)) {
      values.computeIfAbsent(Printer.print(expression), name -> value(expression));
    } else if (expression instanceof Expression.Field field) {
      values(field.of(), values);
    } else if (expression instanceof Expression.Call call) {
      call.arguments().forEach(each -> values(each, values));
    } else if (expression instanceof Expression.Items items) {
      items.items().forEach(each -> values(each, values));
    } else if (expression instanceof Expression.Loop loop) {
      values(loop.over(), values);
    }
  }

  private static boolean isValue(Expression expression) {
    if (expression instanceof Expression.Variable variable) {
      return !(Variables.of(variable.name()) instanceof Numbers.IntConstant);
    }
    if (expression instanceof Expression.Field field) {
      return !field.test() && field.of() instanceof Expression.Variable;
    }
    return expression instanceof Expression.Call call
        && call.function().equals("[]")
        && call.arguments().get(1) instanceof Expression.Constant;
  }

  private String value(Expression expression) {
    Node node = new Linker(around).node(expression);
    if (node instanceof Node.OfHeaders) {
      return scope.facts().headers().size() + " headers";
    }
    scope.begin();
    Object value;
    try {
      value = node.boxed(scope);
    } catch (Scope.TooCostlyException e) {
      return String.valueOf(e.getMessage());
    }
    if (value == null) {
      return String.valueOf(scope.error);
    }
    return cut(text(node.type, value));
  }

  private static String text(ValueType type, Object value) {
    if (value instanceof Long millis
        && (type == ValueType.TIMESTAMP || type == ValueType.DURATION)) {
      return Times.text(type, millis);
    }
    if (value instanceof Finding finding) {
      return finding.type().label() + " by " + finding.rule();
    }
    ValueType element = type.element();
    if (value instanceof List<?> list && element != null) {
      StringBuilder text = new StringBuilder("[");
      for (int i = 0; i < list.size() && text.length() <= LONGEST; i++) {
        text.append(i == 0 ? "" : ", ").append(text(element, list.get(i)));
      }
      return text.append(']').toString();
    }
    return value.toString();
  }

  private static String cut(String text) {
    if (text.length() <= LONGEST) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
    return text.substring(0, end) + "…";
  }
}
