package io.llmtrace.policies.expression;

import io.llmtrace.policies.detect.Finding;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Lists and what is taken from them. */
final class Lists {
  private static final String OUT_OF_LIST = "there is no element of that number in the list";

  private Lists() {}

  /** A list of constants. */
  static final class Constant extends Node.Items {
    final List<?> values;

    Constant(ValueType type, List<?> values) {
      super(type);
      this.values = List.copyOf(values);
    }

    @Override
    List<?> value(Scope scope) {
      return values;
    }
  }

  /** A list of what has to be evaluated. */
  static final class Made extends Node.Items {
    private final List<Node> items;

    Made(ValueType type, List<Node> items) {
      super(type);
      this.items = List.copyOf(items);
    }

    @Override
    @Nullable List<?> value(Scope scope) {
      scope.charge(items.size());
      List<Object> values = new ArrayList<>(items.size());
      for (Node item : items) {
        Object value = item.boxed(scope);
        if (value == null) {
          return null;
        }
        values.add(value);
      }
      return values;
    }
  }

  static final class Size extends Node.Int {
    private final Node.Items of;

    Size(Node.Items of) {
      super(ValueType.INT);
      this.of = of;
    }

    @Override
    long value(Scope scope) {
      List<?> values = of.value(scope);
      return values == null ? 0 : values.size();
    }
  }

  /** Whether a string is one of some constants. */
  static final class TextIn extends Node.Bool {
    private final Node.Text text;
    private final Set<String> constants;

    TextIn(Node.Text text, List<?> constants) {
      this.text = text;
      // Not Set.of(): a constant may stand twice.
      Set<String> set = new HashSet<>();
      constants.forEach(each -> set.add((String) each));
      this.constants = set;
    }

    @Override
    int test(Scope scope) {
      String value = text.value(scope);
      return value == null ? ERROR : of(constants.contains(value));
    }
  }

  /** Whether a list has a string. */
  static final class HasText extends Node.Bool {
    private final Node.Text text;
    private final Node.Items list;

    HasText(Node.Text text, Node.Items list) {
      this.text = text;
      this.list = list;
    }

    @Override
    int test(Scope scope) {
      String value = text.value(scope);
      if (value == null) {
        return ERROR;
      }
      List<?> values = list.value(scope);
      if (values == null) {
        return ERROR;
      }
      int size = values.size();
      scope.charge(size >> 2);
      for (int i = 0; i < size; i++) {
        if (value.equals(values.get(i))) {
          return TRUE;
        }
      }
      return FALSE;
    }
  }

  /** Whether a list has a value of any other type. */
  static final class Has extends Node.Bool {
    private final Node item;
    private final Node.Items list;

    Has(Node item, Node.Items list) {
      this.item = item;
      this.list = list;
    }

    @Override
    int test(Scope scope) {
      Object value = item.boxed(scope);
      if (value == null) {
        return ERROR;
      }
      List<?> values = list.value(scope);
      if (values == null) {
        return ERROR;
      }
      scope.charge(values.size());
      for (Object each : values) {
        if (Comparisons.same(value, each, scope)) {
          return TRUE;
        }
      }
      return FALSE;
    }
  }

  /** An element by number, or null with an error. */
  private static @Nullable Object at(Node.Items list, Node.Int number, Scope scope) {
    List<?> values = list.value(scope);
    if (values == null) {
      return null;
    }
    long index = number.value(scope);
    if (scope.error != null) {
      return null;
    }
    if (index < 0 || index >= values.size()) {
      scope.error = OUT_OF_LIST;
      return null;
    }
    return values.get((int) index);
  }

  static Node element(Node.Items list, Node.Int number, ValueType type) {
    return switch (type) {
      case BOOL -> new BoolAt(list, number);
      case DOUBLE -> new RealAt(list, number);
      case STRING -> new TextAt(list, number);
      case FINDING -> new FindingAt(list, number);
      case INT, TIMESTAMP, DURATION -> new IntAt(type, list, number);
      default -> throw new IllegalArgumentException("a list of " + type);
    };
  }

  private static final class BoolAt extends Node.Bool {
    private final Node.Items list;
    private final Node.Int number;

    BoolAt(Node.Items list, Node.Int number) {
      this.list = list;
      this.number = number;
    }

    @Override
    int test(Scope scope) {
      return at(list, number, scope) instanceof Boolean value ? of(value) : ERROR;
    }
  }

  private static final class IntAt extends Node.Int {
    private final Node.Items list;
    private final Node.Int number;

    IntAt(ValueType type, Node.Items list, Node.Int number) {
      super(type);
      this.list = list;
      this.number = number;
    }

    @Override
    long value(Scope scope) {
      return at(list, number, scope) instanceof Long value ? value : 0;
    }
  }

  private static final class RealAt extends Node.Real {
    private final Node.Items list;
    private final Node.Int number;

    RealAt(Node.Items list, Node.Int number) {
      this.list = list;
      this.number = number;
    }

    @Override
    double value(Scope scope) {
      return at(list, number, scope) instanceof Double value ? value : 0;
    }
  }

  private static final class TextAt extends Node.Text {
    private final Node.Items list;
    private final Node.Int number;

    TextAt(Node.Items list, Node.Int number) {
      this.list = list;
      this.number = number;
    }

    @Override
    @Nullable String value(Scope scope) {
      return (String) at(list, number, scope);
    }
  }

  private static final class FindingAt extends Node.OfFinding {
    private final Node.Items list;
    private final Node.Int number;

    FindingAt(Node.Items list, Node.Int number) {
      this.list = list;
      this.number = number;
    }

    @Override
    @Nullable Finding value(Scope scope) {
      return (Finding) at(list, number, scope);
    }
  }
}
