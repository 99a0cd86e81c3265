package io.llmtrace.policies.expression;

import io.llmtrace.policies.exchange.Zone;
import java.util.List;

/**
 * What a condition can cost at most: its nodes, times the elements of the lists that loops run
 * over. It need not be what it costs: that is counted while it is evaluated, see {@link
 * Scope#MOST_STEPS}.
 */
final class Costs {
  /** Bound of the whole. */
  static final long MOST = 250_000;

  private static final long FINDINGS = 5_000;
  private static final long TOOLS = 1_000;
  private static final long HEADERS = 100;

  /** Beyond all that is possible, and far from an overflow. */
  private static final long ENDLESS = 1L << 40;

  private Costs() {}

  /**
   * Looks at the whole.
   *
   * @throws LinkException says what is too costly
   */
  static void refuse(Expression expression) {
    long cost = of(expression);
    if (cost <= MOST) {
      return;
    }
    Expression dearest = dearest(expression);
    throw new LinkException(
        dearest,
        "too costly: "
            + (dearest instanceof Expression.Loop loop
                ? loop.kind().label() + "() may run over " + elements(loop.over()) + " elements, "
                : "")
            + "in all "
            + cost
            + " steps where "
            + MOST
            + " are possible",
        "ask less of each element, or do not loop inside of a loop over findings or tools");
  }

  /** The part that is why: as far inside as most of the cost still is. */
  private static Expression dearest(Expression expression) {
    for (Expression each : parts(expression)) {
      if (of(each) > MOST / 2) {
        return dearest(each);
      }
    }
    return expression;
  }

  private static List<Expression> parts(Expression expression) {
    if (expression instanceof Expression.Call call) {
      return call.arguments();
    }
    if (expression instanceof Expression.Items items) {
      return items.items();
    }
    if (expression instanceof Expression.Field field) {
      return List.of(field.of());
    }
    return expression instanceof Expression.Loop loop ? List.of(loop.over()) : List.of();
  }

  static long of(Expression expression) {
    if (expression instanceof Expression.Constant || expression instanceof Expression.Variable) {
      return 1;
    }
    if (expression instanceof Expression.Field field) {
      return 1 + of(field.of());
    }
    if (expression instanceof Expression.Items items) {
      // Constants are looked up, not read through.
      return 1
          + items.items().stream()
              .filter(each -> !(each instanceof Expression.Constant))
              .mapToLong(Costs::of)
              .sum();
    }
    if (expression instanceof Expression.Call call) {
      long own = 1;
      if (call.function().equals("matches")) {
        own = 20;
      } else if (call.function().equals("in") && call.arguments().size() == 2) {
        Expression list = call.arguments().get(1);
        own = 1 + (list instanceof Expression.Items ? 0 : elements(list) / 4);
      }
      return Math.min(ENDLESS, own + call.arguments().stream().mapToLong(Costs::of).sum());
    }
    Expression.Loop loop = (Expression.Loop) expression;
    long turn =
        1
            + (loop.condition() == null ? 0 : of(loop.condition()))
            + (loop.value() == null ? 0 : of(loop.value()));
    return Math.min(ENDLESS, of(loop.over()) + elements(loop.over()) * Math.min(ENDLESS, turn));
  }

  /** Elements that a list can have. */
  static long elements(Expression list) {
    if (list instanceof Expression.Loop loop) {
      return elements(loop.over());
    }
    if (list instanceof Expression.Items items) {
      return items.items().size();
    }
    if (list instanceof Expression.Variable variable) {
      return switch (variable.name()) {
        case "findings" -> FINDINGS;
        case "tools" -> TOOLS;
        case Variables.ZONES -> Zone.values().length;
        default -> HEADERS;
      };
    }
    return FINDINGS;
  }

  /** Nodes that one turn of a loop evaluates, without what loops inside of it count themselves. */
  static int turn(Expression expression) {
    if (expression instanceof Expression.Field field) {
      return 1 + turn(field.of());
    }
    if (expression instanceof Expression.Call call) {
      return 1 + call.arguments().stream().mapToInt(Costs::turn).sum();
    }
    if (expression instanceof Expression.Loop loop) {
      return 1 + turn(loop.over());
    }
    return 1;
  }
}
