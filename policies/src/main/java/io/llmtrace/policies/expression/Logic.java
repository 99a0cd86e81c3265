package io.llmtrace.policies.expression;

import org.jspecify.annotations.Nullable;

/** Logic of three values as CEL has it: a side that decides absorbs the other side's error. */
final class Logic {
  private Logic() {}

  static final class Constant extends Node.Bool {
    private final int value;

    Constant(boolean value) {
      this.value = of(value);
    }

    @Override
    int test(Scope scope) {
      return value;
    }
  }

  static final class Not extends Node.Bool {
    private final Node.Bool of;

    Not(Node.Bool of) {
      this.of = of;
    }

    @Override
    int test(Scope scope) {
      int result = of.test(scope);
      return result == ERROR ? ERROR : TRUE - result;
    }
  }

  /** {@code &&} and {@code ||}, from left to right until one decides. */
  static final class Junction extends Node.Bool {
    private final Node.Bool[] operands;
    private final int decides;

    /**
     * @param decides the result that any one operand decides: {@link #FALSE} for {@code &&}
     */
    Junction(Node.Bool[] operands, int decides) {
      this.operands = operands;
      this.decides = decides;
    }

    @Override
    int test(Scope scope) {
      String error = null;
      for (Node.Bool operand : operands) {
        int result = operand.test(scope);
        if (result == decides) {
          return result;
        }
        if (result == ERROR) {
          error = error == null ? scope.error : error;
          scope.error = null;
        }
      }
      scope.error = error;
      return error == null ? TRUE - decides : ERROR;
    }
  }

  static final class BoolChoice extends Node.Bool {
    private final Node.Bool condition;
    private final Node.Bool yes;
    private final Node.Bool no;

    BoolChoice(Node.Bool condition, Node.Bool yes, Node.Bool no) {
      this.condition = condition;
      this.yes = yes;
      this.no = no;
    }

    @Override
    int test(Scope scope) {
      return switch (condition.test(scope)) {
        case TRUE -> yes.test(scope);
        case FALSE -> no.test(scope);
        default -> ERROR;
      };
    }
  }

  static final class IntChoice extends Node.Int {
    private final Node.Bool condition;
    private final Node.Int yes;
    private final Node.Int no;

    IntChoice(Node.Bool condition, Node.Int yes, Node.Int no) {
      super(yes.type);
      this.condition = condition;
      this.yes = yes;
      this.no = no;
    }

    @Override
    long value(Scope scope) {
      return switch (condition.test(scope)) {
        case Node.Bool.TRUE -> yes.value(scope);
        case Node.Bool.FALSE -> no.value(scope);
        default -> 0;
      };
    }
  }

  static final class RealChoice extends Node.Real {
    private final Node.Bool condition;
    private final Node.Real yes;
    private final Node.Real no;

    RealChoice(Node.Bool condition, Node.Real yes, Node.Real no) {
      this.condition = condition;
      this.yes = yes;
      this.no = no;
    }

    @Override
    double value(Scope scope) {
      return switch (condition.test(scope)) {
        case Node.Bool.TRUE -> yes.value(scope);
        case Node.Bool.FALSE -> no.value(scope);
        default -> 0;
      };
    }
  }

  static final class TextChoice extends Node.Text {
    private final Node.Bool condition;
    private final Node.Text yes;
    private final Node.Text no;

    TextChoice(Node.Bool condition, Node.Text yes, Node.Text no) {
      this.condition = condition;
      this.yes = yes;
      this.no = no;
    }

    @Override
    @Nullable String value(Scope scope) {
      return switch (condition.test(scope)) {
        case Node.Bool.TRUE -> yes.value(scope);
        case Node.Bool.FALSE -> no.value(scope);
        default -> null;
      };
    }
  }
}
