package io.llmtrace.policies.expression;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What can be asked of the headers. */
final class Headers {
  private Headers() {}

  /** One of them; an error where it is not there. */
  static final class Value extends Node.Text {
    private final Node.Text name;

    /** Made here, since a header that is missing is an everyday thing. */
    private final String missing;

    Value(Node.Text name) {
      this.name = name;
      this.missing =
          name instanceof Texts.Constant constant
              ? "there is no header '" + constant.value + "'"
              : "there is no header of that name";
    }

    @Override
    @Nullable String value(Scope scope) {
      String key = name.value(scope);
      if (key == null) {
        return null;
      }
      String value = scope.facts().headers().get(key);
      if (value == null) {
        scope.error = missing;
      }
      return value;
    }
  }

  /** Whether one is there. */
  static final class Present extends Node.Bool {
    private final Node.Text name;

    Present(Node.Text name) {
      this.name = name;
    }

    @Override
    int test(Scope scope) {
      String key = name.value(scope);
      return key == null ? ERROR : of(scope.facts().headers().containsKey(key));
    }
  }

  static final class Size extends Node.Int {
    Size() {
      super(ValueType.INT);
    }

    @Override
    long value(Scope scope) {
      Map<String, String> headers = scope.facts().headers();
      return headers.size();
    }
  }
}
