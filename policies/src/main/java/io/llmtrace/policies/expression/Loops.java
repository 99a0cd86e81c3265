package io.llmtrace.policies.expression;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** CEL's macros over lists. */
final class Loops {
  private Loops() {}

  /**
   * What loops have in common.
   *
   * @param slot where the element is while its condition is evaluated
   * @param work steps of one turn
   */
  record Head(Node.Items over, int slot, int work) {}

  /** {@code exists} and {@code all}: one element may decide, and absorbs the others' errors. */
  static final class Quantifier extends Node.Bool {
    private final Head head;
    private final Node.Bool condition;
    private final int decides;

    /**
     * @param decides the condition's result that any one element decides: {@link #TRUE} for {@code
     *     exists}
     */
    Quantifier(Head head, Node.Bool condition, int decides) {
      this.head = head;
      this.condition = condition;
      this.decides = decides;
    }

    @Override
    int test(Scope scope) {
      List<?> list = head.over.value(scope);
      if (list == null) {
        return ERROR;
      }
      String error = null;
      int size = list.size();
      for (int i = 0; i < size; i++) {
        scope.charge(head.work);
        scope.slots[head.slot] = list.get(i);
        int result = condition.test(scope);
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

  /** Elements of which a condition holds; less than 0 with an error. */
  private static int count(Head head, Node.Bool condition, Scope scope) {
    List<?> list = head.over.value(scope);
    if (list == null) {
      return -1;
    }
    int count = 0;
    int size = list.size();
    for (int i = 0; i < size; i++) {
      scope.charge(head.work);
      scope.slots[head.slot] = list.get(i);
      switch (condition.test(scope)) {
        case Node.Bool.TRUE -> count++;
        case Node.Bool.FALSE -> {}
        default -> {
          return -1;
        }
      }
    }
    return count;
  }

  /** {@code exists_one}. */
  static final class ExactlyOne extends Node.Bool {
    private final Head head;
    private final Node.Bool condition;

    ExactlyOne(Head head, Node.Bool condition) {
      this.head = head;
      this.condition = condition;
    }

    @Override
    int test(Scope scope) {
      int count = count(head, condition, scope);
      return count < 0 ? ERROR : of(count == 1);
    }
  }

  /** {@code size(list.filter(…))}, without the list. */
  static final class Count extends Node.Int {
    private final Head head;
    private final Node.Bool condition;

    Count(Head head, Node.Bool condition) {
      super(ValueType.INT);
      this.head = head;
      this.condition = condition;
    }

    @Override
    long value(Scope scope) {
      return Math.max(0, count(head, condition, scope));
    }
  }

  /** {@code filter} and {@code map}. */
  static final class Selection extends Node.Items {
    final Head head;
    final Node.@Nullable Bool condition;
    final @Nullable Node value;

    /**
     * @param condition null where every element is taken
     * @param value null where the element itself is
     */
    Selection(ValueType type, Head head, Node.@Nullable Bool condition, @Nullable Node value) {
      super(type);
      this.head = head;
      this.condition = condition;
      this.value = value;
    }

    @Override
    @Nullable List<?> value(Scope scope) {
      List<?> list = head.over().value(scope);
      if (list == null) {
        return null;
      }
      List<Object> taken = new ArrayList<>();
      int size = list.size();
      for (int i = 0; i < size; i++) {
        scope.charge(head.work());
        Object element = list.get(i);
        scope.slots[head.slot()] = element;
        int holds = condition == null ? Node.Bool.TRUE : condition.test(scope);
        if (holds == Node.Bool.ERROR) {
          return null;
        }
        if (holds == Node.Bool.TRUE) {
          Object made = value == null ? element : value.boxed(scope);
          if (made == null) {
            return null;
          }
          taken.add(made);
        }
      }
      return taken;
    }
  }
}
