package io.llmtrace.policies.expression;

import org.jspecify.annotations.Nullable;

/** Arithmetic. Integers do not wrap around; doubles are IEEE's. */
final class Numbers {
  private static final String OVERFLOW = "an integer overflows";
  private static final String BY_ZERO = "a division by zero";

  private Numbers() {}

  static final class IntConstant extends Node.Int {
    final long value;

    IntConstant(ValueType type, long value) {
      super(type);
      this.value = value;
    }

    @Override
    long value(Scope scope) {
      return value;
    }
  }

  static final class RealConstant extends Node.Real {
    final double value;

    RealConstant(double value) {
      this.value = value;
    }

    @Override
    double value(Scope scope) {
      return value;
    }
  }

  /** Operators of two numbers. */
  enum Operator {
    PLUS("+"),
    MINUS("-"),
    TIMES("*"),
    OVER("/"),
    MODULO("%");

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
  }

  static final class IntOperation extends Node.Int {
    private final Operator operator;
    private final Node.Int left;
    private final Node.Int right;

    IntOperation(Operator operator, Node.Int left, Node.Int right) {
      super(ValueType.INT);
      this.operator = operator;
      this.left = left;
      this.right = right;
    }

    @Override
    long value(Scope scope) {
      long a = left.value(scope);
      if (scope.error != null) {
        return 0;
      }
      long b = right.value(scope);
      if (scope.error != null) {
        return 0;
      }
      return switch (operator) {
        case PLUS -> {
          long sum = a + b;
          yield ((a ^ sum) & (b ^ sum)) < 0 ? fail(scope, OVERFLOW) : sum;
        }
        case MINUS -> {
          long difference = a - b;
          yield ((a ^ b) & (a ^ difference)) < 0 ? fail(scope, OVERFLOW) : difference;
        }
        case TIMES -> {
          long low = a * b;
          yield Math.multiplyHigh(a, b) == low >> 63 ? low : fail(scope, OVERFLOW);
        }
        case OVER -> {
          if (b == 0) {
            yield fail(scope, BY_ZERO);
          }
          yield a == Long.MIN_VALUE && b == -1 ? fail(scope, OVERFLOW) : a / b;
        }
        case MODULO -> b == 0 ? fail(scope, BY_ZERO) : a % b;
      };
    }
  }

  static long fail(Scope scope, String why) {
    scope.error = why;
    return 0;
  }

  static final class RealOperation extends Node.Real {
    private final Operator operator;
    private final Node.Real left;
    private final Node.Real right;

    RealOperation(Operator operator, Node.Real left, Node.Real right) {
      this.operator = operator;
      this.left = left;
      this.right = right;
    }

    @Override
    double value(Scope scope) {
      double a = left.value(scope);
      if (scope.error != null) {
        return 0;
      }
      double b = right.value(scope);
      return switch (operator) {
        case PLUS -> a + b;
        case MINUS -> a - b;
        case TIMES -> a * b;
        case OVER -> a / b;
        // Linking refuses it: CEL has no such thing.
        case MODULO -> throw new IllegalStateException("modulo of doubles");
      };
    }
  }

  static final class IntNegation extends Node.Int {
    private final Node.Int of;

    IntNegation(Node.Int of) {
      super(ValueType.INT);
      this.of = of;
    }

    @Override
    long value(Scope scope) {
      long value = of.value(scope);
      if (scope.error == null && value == Long.MIN_VALUE) {
        return fail(scope, OVERFLOW);
      }
      return -value;
    }
  }

  static final class RealNegation extends Node.Real {
    private final Node.Real of;

    RealNegation(Node.Real of) {
      this.of = of;
    }

    @Override
    double value(Scope scope) {
      return -of.value(scope);
    }
  }

  /** {@code double(int)}. */
  static final class IntToReal extends Node.Real {
    private final Node.Int of;

    IntToReal(Node.Int of) {
      this.of = of;
    }

    @Override
    double value(Scope scope) {
      return of.value(scope);
    }
  }

  /** {@code int(double)}, towards zero. */
  static final class RealToInt extends Node.Int {
    private final Node.Real of;

    RealToInt(Node.Real of) {
      super(ValueType.INT);
      this.of = of;
    }

    @Override
    long value(Scope scope) {
      double value = of.value(scope);
      if (scope.error != null) {
        return 0;
      }
      // The bounds themselves are out: as doubles they are not what they are as integers.
      if (!(value > Long.MIN_VALUE && value < Long.MAX_VALUE)) {
        return fail(scope, "int() of a number that is none of 64 bits");
      }
      return (long) value;
    }
  }

  /** {@code int(string)}. */
  static final class TextToInt extends Node.Int {
    private final Node.Text of;

    TextToInt(Node.Text of) {
      super(ValueType.INT);
      this.of = of;
    }

    @Override
    long value(Scope scope) {
      String text = of.value(scope);
      if (text == null) {
        return 0;
      }
      try {
        return Long.parseLong(text);
      } catch (NumberFormatException e) {
        return fail(scope, "int() of a text that is no integer");
      }
    }
  }

  /** {@code double(string)}. */
  static final class TextToReal extends Node.Real {
    private final Node.Text of;

    TextToReal(Node.Text of) {
      this.of = of;
    }

    @Override
    double value(Scope scope) {
      String text = of.value(scope);
      if (text == null) {
        return 0;
      }
      scope.charge(1 + (text.length() >> 3));
      try {
        return Double.parseDouble(text);
      } catch (NumberFormatException e) {
        return fail(scope, "double() of a text that is no number");
      }
    }
  }
}
