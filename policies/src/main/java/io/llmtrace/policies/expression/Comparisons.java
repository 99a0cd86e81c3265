package io.llmtrace.policies.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code == != < <= > >=}. */
final class Comparisons {
  private Comparisons() {}

  enum Operator {
    EQUAL("=="),
    NOT_EQUAL("!="),
    LESS("<"),
    AT_MOST("<="),
    MORE(">"),
    AT_LEAST(">=");

    private final String symbol;

    Operator(String symbol) {
      this.symbol = symbol;
    }

    static @Nullable Operator of(String symbol) {
      for (Operator each : values()) {
        if (each.symbol.equals(symbol)) {
          return each;
        }
      }
      return null;
    }

    boolean isOrder() {
      return this != EQUAL && this != NOT_EQUAL;
    }

    /** What it is with its sides exchanged. */
    Operator turned() {
      return switch (this) {
        case EQUAL, NOT_EQUAL -> this;
        case LESS -> MORE;
        case AT_MOST -> AT_LEAST;
        case MORE -> LESS;
        case AT_LEAST -> AT_MOST;
      };
    }

    /** Whether it holds of two values, by the sign that comparing them gives. */
    boolean holds(int sign) {
      return switch (this) {
        case EQUAL -> sign == 0;
        case NOT_EQUAL -> sign != 0;
        case LESS -> sign < 0;
        case AT_MOST -> sign <= 0;
        case MORE -> sign > 0;
        case AT_LEAST -> sign >= 0;
      };
    }
  }

  /** Of two ints, two timestamps or two durations. */
  static final class Ints extends Node.Bool {
    private final Operator operator;
    private final Node.Int left;
    private final Node.Int right;

    Ints(Operator operator, Node.Int left, Node.Int right) {
      this.operator = operator;
      this.left = left;
      this.right = right;
    }

    @Override
    int test(Scope scope) {
      long a = left.value(scope);
      if (scope.error != null) {
        return ERROR;
      }
      long b = right.value(scope);
      return scope.error != null ? ERROR : of(operator.holds(Long.compare(a, b)));
    }
  }

  /** Of two doubles; nothing is equal to, less or more than what is not a number. */
  static final class Reals extends Node.Bool {
    private final Operator operator;
    private final Node.Real left;
    private final Node.Real right;

    Reals(Operator operator, Node.Real left, Node.Real right) {
      this.operator = operator;
      this.left = left;
      this.right = right;
    }

    @Override
    int test(Scope scope) {
      double a = left.value(scope);
      if (scope.error != null) {
        return ERROR;
      }
      double b = right.value(scope);
      if (scope.error != null) {
        return ERROR;
      }
      return of(
          switch (operator) {
            case EQUAL -> a == b;
            case NOT_EQUAL -> a != b;
            case LESS -> a < b;
            case AT_MOST -> a <= b;
            case MORE -> a > b;
            case AT_LEAST -> a >= b;
          });
    }
  }

  /** Of an int and a double, without rounding the one to the other. */
  static final class IntAndReal extends Node.Bool {
    private final Operator operator;
    private final Node.Int left;
    private final Node.Real right;

    IntAndReal(Operator operator, Node.Int left, Node.Real right) {
      this.operator = operator;
      this.left = left;
      this.right = right;
    }

    @Override
    int test(Scope scope) {
      long a = left.value(scope);
      if (scope.error != null) {
        return ERROR;
      }
      double b = right.value(scope);
      if (scope.error != null) {
        return ERROR;
      }
      return of(!Double.isNaN(b) && operator.holds(sign(a, b)));
    }

    private static int sign(long a, double b) {
      if (b < Long.MIN_VALUE) {
        return 1;
      }
      if (b >= 0x1p63) {
        return -1;
      }
      long whole = (long) b;
      return a != whole ? Long.compare(a, whole) : Double.compare(0.0, b - whole + 0.0);
    }
  }

  /** Of two strings, by UTF-16 as Java orders them. */
  static final class Texts extends Node.Bool {
    private final Operator operator;
    private final Node.Text left;
    private final Node.Text right;

    Texts(Operator operator, Node.Text left, Node.Text right) {
      this.operator = operator;
      this.left = left;
      this.right = right;
    }

    @Override
    int test(Scope scope) {
      String a = left.value(scope);
      if (a == null) {
        return ERROR;
      }
      String b = right.value(scope);
      if (b == null) {
        return ERROR;
      }
      scope.charge(Math.min(a.length(), b.length()) >> 6);
      return of(
          switch (operator) {
            case EQUAL -> a.equals(b);
            case NOT_EQUAL -> !a.equals(b);
            default -> operator.holds(a.compareTo(b));
          });
    }
  }

  /** Whether a string is a constant. */
  static final class TextIs extends Node.Bool {
    private final Node.Text text;
    private final String constant;
    private final boolean wanted;

    TextIs(Node.Text text, String constant, boolean wanted) {
      this.text = text;
      this.constant = constant;
      this.wanted = wanted;
    }

    @Override
    int test(Scope scope) {
      String value = text.value(scope);
      return value == null ? ERROR : of(constant.equals(value) == wanted);
    }
  }

  /** {@code ==} and {@code !=} of what is rarely compared: bools and lists. */
  static final class Boxed extends Node.Bool {
    private final boolean wanted;
    private final Node left;
    private final Node right;

    Boxed(Node left, Node right, boolean wanted) {
      this.left = left;
      this.right = right;
      this.wanted = wanted;
    }

    @Override
    int test(Scope scope) {
      Object a = left.boxed(scope);
      if (a == null) {
        return ERROR;
      }
      Object b = right.boxed(scope);
      if (b == null) {
        return ERROR;
      }
      return of(same(a, b, scope) == wanted);
    }
  }

  /** Whether two values of one type are equal. */
  static boolean same(@Nullable Object a, @Nullable Object b, Scope scope) {
    if (a instanceof Double x && b instanceof Double y) {
      // Not equals(): that says NaN is itself, and that 0.0 is not -0.0.
      return x.doubleValue() == y.doubleValue();
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      if (x.size() != y.size()) {
        return false;
      }
      for (int i = 0; i < x.size(); i++) {
        scope.charge(1);
        if (!same(x.get(i), y.get(i), scope)) {
          return false;
        }
      }
      return true;
    }
    return a != null && a.equals(b);
  }
}
