package io.llmtrace.policies.expression;

import java.util.List;

/**
 * A condition, ready to be evaluated: without CEL's runtime, without memory of its own on the
 * common paths, and in bounded time ({@link Scope}). Immutable and thread-safe.
 *
 * <p>What it says is what CEL says. Errors (a header that is not there, an overflow, a division by
 * zero) are absorbed by the side of {@code &&}, {@code ||}, {@code exists} and {@code all} that
 * decides; where one is left, the condition does not hold. A fact that is not known ({@link
 * UnknownFactException}) is no error: it passes through, unless what decides stands to its left.
 */
public final class Program {
  private final Expression expression;
  private final Node.Bool condition;

  private Program(Expression expression, Node.Bool condition) {
    this.expression = expression;
    this.condition = condition;
  }

  /**
   * Links a condition.
   *
   * @throws IllegalArgumentException if it is none, says why; never of what {@link
   *     Expressions#compile} made
   */
  public static Program link(Expression expression) {
    try {
      Node.Bool condition = new Linker().condition(expression);
      Costs.refuse(expression);
      return new Program(expression, condition);
    } catch (LinkException e) {
      throw new IllegalArgumentException(
          "not a condition: "
              + e.reason()
              + (e.suggestion().isEmpty() ? "" : "; " + e.suggestion()),
          e);
    }
  }

  /** What it was linked from. */
  public Expression expression() {
    return expression;
  }

  /**
   * Whether it holds; it does not where it cannot be evaluated, which {@link Scope#failures()}
   * counts.
   *
   * @throws UnknownFactException if it needs a fact that is not known
   */
  public boolean holds(Scope scope) {
    int result = test(condition, scope);
    if (result == Node.Bool.ERROR) {
      scope.failed();
    }
    return result == Node.Bool.TRUE;
  }

  /**
   * What it comes to, with the reason where it cannot be evaluated.
   *
   * @throws UnknownFactException if it needs a fact that is not known
   */
  public Evaluation evaluate(Scope scope) {
    return evaluate(condition, scope);
  }

  /**
   * Its parts: what stands between its {@code &&} and {@code ||}, in the order of the text, each
   * with what it comes to and the values it used. Dearer than {@link #holds}; for explanations.
   *
   * @throws UnknownFactException if a part needs a fact that is not known
   */
  public List<Operand> operands(Scope scope) {
    return new Operands(scope).of(expression);
  }

  /** As CEL, in one line. */
  @Override
  public String toString() {
    return Printer.print(expression);
  }

  static Evaluation evaluate(Node.Bool condition, Scope scope) {
    return switch (test(condition, scope)) {
      case Node.Bool.TRUE -> new Evaluation(Outcome.HOLDS, "");
      case Node.Bool.FALSE -> new Evaluation(Outcome.HOLDS_NOT, "");
      default -> new Evaluation(Outcome.ERROR, String.valueOf(scope.error));
    };
  }

  private static int test(Node.Bool condition, Scope scope) {
    scope.begin();
    try {
      return condition.test(scope);
    } catch (Scope.TooCostlyException e) {
      scope.error = e.getMessage();
      return Node.Bool.ERROR;
    }
  }
}
