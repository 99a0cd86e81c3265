package io.llmtrace.policies.expression;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes nodes of a tree: finds out the types from the leaves up and chooses the node for each. What
 * it takes is what the language has, so both reading a policy and reading a bundle go by it.
 */
final class Linker {
  /** Levels of a tree; as JSON a level takes two, and JSON has {@code WireJson.MAX_DEPTH}. */
  static final int DEEPEST = 48;

  /** A variable of a loop. */
  record Element(String name, ValueType type) {}

  /** The variables of the loops around, the outer one's first; the place is the slot. */
  private final List<Element> elements;

  private int depth;

  Linker() {
    this(List.of());
  }

  /**
   * @param around the variables of loops that what is linked stands in
   */
  Linker(List<Element> around) {
    this.elements = new ArrayList<>(around);
  }

  /**
   * Links a condition.
   *
   * @throws LinkException if it is none
   */
  Node.Bool condition(Expression expression) {
    Node node = node(expression);
    if (node instanceof Node.Bool condition) {
      return condition;
    }
    throw new LinkException(
        expression,
        "this is " + a(node.type) + ", not a condition",
        "compare it with something, such as " + example(expression, node.type));
  }

  private static String example(Expression expression, ValueType type) {
    String text = Printer.print(expression);
    String shown = text.length() > 40 ? "…" : text;
    return switch (type) {
      case STRING -> shown + " == 'a text'";
      case DOUBLE -> shown + " > 0.5";
      case INT -> shown + " > 1";
      case TIMESTAMP -> shown + " > timestamp('2027-01-31T00:00:00Z')";
      case DURATION -> shown + " > duration('1h')";
      case HEADERS -> "'x-app' in " + shown;
      default -> "size(" + shown + ") > 0";
    };
  }

  /**
   * Links any expression.
   *
   * @throws LinkException if the language has no such thing
   */
  Node node(Expression expression) {
    if (++depth > DEEPEST) {
      throw new LinkException(
          expression,
          "nested more than " + DEEPEST + " deep",
          "split the condition into several rules");
    }
    Node node = linked(expression);
    depth--;
    return node;
  }

  private Node linked(Expression expression) {
    if (expression instanceof Expression.Constant constant) {
      return constant(constant);
    }
    if (expression instanceof Expression.Variable variable) {
      return variable(variable);
    }
    if (expression instanceof Expression.Field field) {
      return field(field);
    }
    if (expression instanceof Expression.Items items) {
      return items(items);
    }
    if (expression instanceof Expression.Call call) {
      return call(call);
    }
    return loop((Expression.Loop) expression);
  }

  private static Node constant(Expression.Constant constant) {
    Object value = Constants.value(constant);
    if (value instanceof Boolean bool) {
      return new Logic.Constant(bool);
    }
    if (value instanceof Long number) {
      return new Numbers.IntConstant(ValueType.INT, number);
    }
    if (value instanceof Double number) {
      return new Numbers.RealConstant(number);
    }
    return new Texts.Constant((String) value);
  }

  private Node variable(Expression.Variable variable) {
    for (int slot = elements.size() - 1; slot >= 0; slot--) {
      Element element = elements.get(slot);
      if (element.name().equals(variable.name())) {
        return Slots.of(element.type(), slot);
      }
    }
    Node node = Variables.of(variable.name());
    if (node == null) {
      throw new LinkException(
          variable,
          "there is no variable '" + variable.name() + "'",
          Advice.nearest(variable.name(), Variables.names()));
    }
    return node;
  }

  private Node field(Expression.Field field) {
    Node of = node(field.of());
    if (of instanceof Node.OfHeaders) {
      Node.Text name = new Texts.Constant(field.name());
      return field.test() ? new Headers.Present(name) : new Headers.Value(name);
    }
    if (!(of instanceof Node.OfFinding finding)) {
      throw new LinkException(
          field,
          a(of.type) + " has no fields, so no '" + field.name() + "'",
          of.type == ValueType.FINDINGS
              ? "ask of its elements: findings.exists(f, f." + field.name() + " == …)"
              : "");
    }
    FindingFields known = FindingFields.of(field.name());
    if (known == null) {
      throw new LinkException(
          field,
          "a finding has no field '" + field.name() + "'",
          Advice.nearest(field.name(), FindingFields.labels()));
    }
    if (field.test()) {
      throw new LinkException(
          field,
          "has() is for headers; every finding has '" + field.name() + "'",
          "compare the field with something");
    }
    return known.of(finding);
  }

  private Node items(Expression.Items items) {
    List<Node> nodes = new ArrayList<>();
    List<Object> constants = new ArrayList<>();
    for (Expression each : items.items()) {
      Node node = node(each);
      if (!nodes.isEmpty() && nodes.get(0).type != node.type) {
        throw new LinkException(
            each,
            "this is "
                + a(node.type)
                + " in a list of "
                + nodes.get(0).type.label()
                + "; a list has elements of one type",
            "");
      }
      nodes.add(node);
      Object constant = each instanceof Expression.Constant c ? Constants.value(c) : null;
      if (constant != null) {
        constants.add(constant);
      }
    }
    if (nodes.isEmpty()) {
      throw new LinkException(
          items, "a list of nothing", "size(tools) == 0 asks whether a list is empty");
    }
    ValueType type = nodes.get(0).type.list();
    if (type == null) {
      throw new LinkException(items, "there are no lists of " + nodes.get(0).type.label(), "");
    }
    return constants.size() == nodes.size()
        ? new Lists.Constant(type, constants)
        : new Lists.Made(type, nodes);
  }

  private Node call(Expression.Call call) {
    List<Node> arguments = new ArrayList<>();
    for (Expression each : call.arguments()) {
      arguments.add(node(each));
    }
    Node node = Operators.node(call, arguments);
    if (node == null) {
      node = Functions.node(call, arguments);
    }
    if (node == null) {
      throw new LinkException(
          call,
          "'" + call.function() + "' is not for " + types(arguments),
          Functions.advice(call.function()));
    }
    return node;
  }

  private Node loop(Expression.Loop loop) {
    if (!isRange(loop.over())) {
      throw new LinkException(
          loop,
          loop.kind().label()
              + "() runs over findings, tools, zones, a list that is written out,"
              + " or what filter() or map() made of one",
          "");
    }
    Node over = node(loop.over());
    ValueType element = over.type.element();
    if (!(over instanceof Node.Items list) || element == null) {
      throw new LinkException(loop, a(over.type) + " is not a list to run over", "");
    }
    if (elements.size() == Scope.DEEPEST_LOOP) {
      throw new LinkException(
          loop,
          "loops are nested more than " + Scope.DEEPEST_LOOP + " deep",
          "split the condition into several rules");
    }
    boolean takesAll = loop.condition() == null && loop.kind() == Expression.LoopKind.MAP;
    if ((loop.condition() == null && !takesAll)
        || (loop.value() == null) == (loop.kind() == Expression.LoopKind.MAP)) {
      throw new LinkException(loop, loop.kind().label() + "() with the wrong parts", "");
    }
    int slot = elements.size();
    elements.add(new Element(loop.each(), element));
    Node.@Nullable Bool condition = loop.condition() == null ? null : condition(loop.condition());
    Node value = loop.value() == null ? null : node(loop.value());
    elements.remove(slot);
    int work =
        (loop.condition() == null ? 0 : Costs.turn(loop.condition()))
            + (loop.value() == null ? 0 : Costs.turn(loop.value()));
    Loops.Head head = new Loops.Head(list, slot, work);
    if (condition == null || loop.kind() == Expression.LoopKind.MAP) {
      return mapped(loop, head, condition, value);
    }
    return switch (loop.kind()) {
      case EXISTS -> new Loops.Quantifier(head, condition, Node.Bool.TRUE);
      case ALL -> new Loops.Quantifier(head, condition, Node.Bool.FALSE);
      case EXISTS_ONE -> new Loops.ExactlyOne(head, condition);
      case FILTER, MAP -> new Loops.Selection(over.type, head, condition, null);
    };
  }

  private static Node mapped(
      Expression.Loop loop, Loops.Head head, Node.@Nullable Bool condition, @Nullable Node value) {
    ValueType type = value == null ? null : value.type.list();
    if (type == null) {
      throw new LinkException(
          loop.value() == null ? loop : loop.value(),
          "map() to " + (value == null ? "nothing" : a(value.type)),
          "map to a text, a number, a truth value or a finding");
    }
    return new Loops.Selection(type, head, condition, value);
  }

  private static boolean isRange(Expression list) {
    if (list instanceof Expression.Loop loop) {
      return loop.kind() == Expression.LoopKind.FILTER || loop.kind() == Expression.LoopKind.MAP;
    }
    return list instanceof Expression.Items || list instanceof Expression.Variable;
  }

  private static String types(List<Node> arguments) {
    if (arguments.isEmpty()) {
      return "nothing";
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < arguments.size(); i++) {
      text.append(i == 0 ? "" : i == arguments.size() - 1 ? " and " : ", ");
      text.append(arguments.get(i).type.label());
    }
    return text.toString();
  }

  private static String a(ValueType type) {
    return (type == ValueType.INT ? "an " : "a ") + type.label();
  }
}
