package io.llmtrace.policies.expression;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelSourceLocation;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import io.llmtrace.policies.expression.ExpressionException.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns what CEL has checked into our tree, or says what of it we do not have. Used once. */
final class Translator {
  /** CEL's names of operators, and what they are written as. */
  private static final Map<String, String> OPERATORS =
      Map.ofEntries(
          Map.entry("_&&_", "&&"),
          Map.entry("_||_", "||"),
          Map.entry("!_", "!"),
          Map.entry("_?_:_", "?:"),
          Map.entry("_==_", "=="),
          Map.entry("_!=_", "!="),
          Map.entry("_<_", "<"),
          Map.entry("_<=_", "<="),
          Map.entry("_>_", ">"),
          Map.entry("_>=_", ">="),
          Map.entry("_+_", "+"),
          Map.entry("_-_", "-"),
          Map.entry("_*_", "*"),
          Map.entry("_/_", "/"),
          Map.entry("_%_", "%"),
          Map.entry("-_", "-"),
          Map.entry("@in", "in"),
          Map.entry("_[_]", "[]"));

  private final CelAbstractSyntaxTree tree;
  private final IdentityHashMap<Expression, Long> ids = new IdentityHashMap<>();
  private final List<Problem> problems = new ArrayList<>();
  private int depth;

  Translator(CelAbstractSyntaxTree tree) {
    this.tree = tree;
  }

  /** As people write an operator that CEL names. */
  static String written(String function) {
    return OPERATORS.getOrDefault(function, function);
  }

  /**
   * The tree, which {@link Program#link} takes.
   *
   * @throws ExpressionException says what there is not
   */
  Expression translate() throws ExpressionException {
    Expression expression;
    try {
      expression = expression(tree.getExpr());
      new Linker().condition(expression);
      Costs.refuse(expression);
    } catch (LinkException e) {
      throw new ExpressionException(List.of(problem(position(e.at()), e.reason(), e.suggestion())));
    }
    Vocabulary.check(
        expression,
        (at, message, suggestion) -> problems.add(problem(position(at), message, suggestion)));
    if (!problems.isEmpty()) {
      problems.sort(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column));
      throw new ExpressionException(problems);
    }
    return expression;
  }

  private long position(Expression expression) {
    return ids.getOrDefault(expression, tree.getExpr().id());
  }

  private Problem problem(long id, String message, String suggestion) {
    Integer offset = tree.getSource().getPositionsMap().get(id);
    CelSourceLocation location =
        tree.getSource()
            .getOffsetLocation(offset == null ? 0 : offset)
            .orElse(CelSourceLocation.of(1, 0));
    return new Problem(location.getLine(), location.getColumn() + 1, message, suggestion);
  }

  private Expression expression(CelExpr cel) {
    // Our own places, since a chain such as a + b + c + … is no recursion for CEL's parser.
    if (++depth > Linker.DEEPEST) {
      throw at(
          cel,
          "nested more than " + Linker.DEEPEST + " deep",
          "split the condition into several rules");
    }
    Expression expression =
        switch (cel.getKind()) {
          case CONSTANT -> constant(cel);
          case IDENT -> new Expression.Variable(cel.ident().name());
          case SELECT ->
              new Expression.Field(
                  expression(cel.select().operand()),
                  cel.select().field(),
                  cel.select().testOnly());
          case CALL -> call(cel);
          case LIST -> new Expression.Items(all(cel.list().elements()));
          case COMPREHENSION -> loop(cel);
          case MAP -> throw at(cel, "there are no maps to write out", "");
          case STRUCT -> throw at(cel, "there are no messages to write out", "");
          case NOT_SET -> throw at(cel, "there is nothing here", "");
        };
    depth--;
    ids.put(expression, cel.id());
    return expression;
  }

  private List<Expression> all(List<CelExpr> list) {
    List<Expression> expressions = new ArrayList<>();
    for (CelExpr each : list) {
      expressions.add(expression(each));
    }
    return expressions;
  }

  private Expression constant(CelExpr cel) {
    CelConstant constant = cel.constant();
    return switch (constant.getKind()) {
      case BOOLEAN_VALUE ->
          new Expression.Constant(Expression.Type.BOOL, String.valueOf(constant.booleanValue()));
      case INT64_VALUE ->
          new Expression.Constant(Expression.Type.INT, String.valueOf(constant.int64Value()));
      case DOUBLE_VALUE ->
          new Expression.Constant(Expression.Type.DOUBLE, String.valueOf(constant.doubleValue()));
      case STRING_VALUE -> new Expression.Constant(Expression.Type.STRING, constant.stringValue());
      case UINT64_VALUE -> throw at(cel, "there are no unsigned numbers", "leave out the u");
      case BYTES_VALUE -> throw at(cel, "there are no bytes", "a text is written without the b");
      case NULL_VALUE ->
          throw at(
              cel,
              "nothing is ever null",
              "a text that is not known is empty: agent == ''; has(headers.x) asks for a header");
      default -> throw at(cel, "there are no such constants", "");
    };
  }

  private Expression call(CelExpr cel) {
    CelExpr.CelCall call = cel.call();
    String function = written(call.function());
    List<Expression> arguments = new ArrayList<>();
    List<CelExpr> all = new ArrayList<>();
    call.target().ifPresent(all::add);
    all.addAll(call.args());
    if (function.equals("&&") || function.equals("||")) {
      operands(cel, call.function(), arguments);
      return new Expression.Call(function, arguments);
    }
    if (!OPERATORS.containsKey(call.function()) && !Functions.CALLS.containsKey(function)) {
      throw at(
          cel,
          "'" + function + "' is not among the functions of conditions",
          Advice.nearest(function, Functions.CALLS.keySet()));
    }
    return new Expression.Call(function, all(all));
  }

  /** CEL has a tree of two at each step; what it says does not depend on how they are grouped. */
  private void operands(CelExpr cel, String function, List<Expression> operands) {
    for (CelExpr each : cel.call().args()) {
      if (each.getKind() == CelExpr.ExprKind.Kind.CALL && each.call().function().equals(function)) {
        operands(each, function, operands);
      } else {
        operands.add(expression(each));
      }
    }
  }

  /** What a macro was, by what it has become. */
  private Expression loop(CelExpr cel) {
    CelExpr.CelComprehension loop = cel.comprehension();
    String each = loop.iterVar();
    if (Variables.of(each) != null) {
      throw at(
          cel,
          "'" + each + "' is a variable already",
          "give the element another name, such as " + each.charAt(0));
    }
    Expression over = expression(loop.iterRange());
    CelExpr start = loop.accuInit();
    CelExpr step = loop.loopStep();
    if (start.getKind() == CelExpr.ExprKind.Kind.CONSTANT
        && start.constant().getKind() == CelConstant.Kind.BOOLEAN_VALUE) {
      return new Expression.Loop(
          start.constant().booleanValue() ? Expression.LoopKind.ALL : Expression.LoopKind.EXISTS,
          each,
          over,
          expression(step.call().args().get(1)),
          null);
    }
    if (start.getKind() == CelExpr.ExprKind.Kind.CONSTANT) {
      return new Expression.Loop(
          Expression.LoopKind.EXISTS_ONE, each, over, expression(step.call().args().get(0)), null);
    }
    CelExpr condition = null;
    if (step.call().function().equals("_?_:_")) {
      condition = step.call().args().get(0);
      step = step.call().args().get(1);
    }
    CelExpr value = step.call().args().get(1).list().elements().get(0);
    boolean filter =
        condition != null
            && value.getKind() == CelExpr.ExprKind.Kind.IDENT
            && value.ident().name().equals(each);
    return new Expression.Loop(
        filter ? Expression.LoopKind.FILTER : Expression.LoopKind.MAP,
        each,
        over,
        optional(condition),
        filter ? null : expression(value));
  }

  private @Nullable Expression optional(@Nullable CelExpr cel) {
    return cel == null ? null : expression(cel);
  }

  private LinkException at(CelExpr cel, String message, String suggestion) {
    Expression here = new Expression.Variable("");
    ids.put(here, cel.id());
    return new LinkException(here, message, suggestion);
  }
}
