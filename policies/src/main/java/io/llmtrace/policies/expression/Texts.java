package io.llmtrace.policies.expression;

import com.google.re2j.Pattern;
import org.jspecify.annotations.Nullable;

/** Strings. */
final class Texts {
  private Texts() {}

  static final class Constant extends Node.Text {
    final String value;

    Constant(String value) {
      this.value = value;
    }

    @Override
    String value(Scope scope) {
      return value;
    }
  }

  static final class Concatenation extends Node.Text {
    private final Node.Text left;
    private final Node.Text right;

    Concatenation(Node.Text left, Node.Text right) {
      this.left = left;
      this.right = right;
    }

    @Override
    @Nullable String value(Scope scope) {
      String a = left.value(scope);
      if (a == null) {
        return null;
      }
      String b = right.value(scope);
      if (b == null) {
        return null;
      }
      // Memory is what counts here, so it is charged for well before it is much.
      scope.charge(1 + ((a.length() + b.length()) >> 3));
      return a.concat(b);
    }
  }

  /** {@code contains}, {@code startsWith} and {@code endsWith}. */
  static final class Find extends Node.Bool {
    enum Where {
      ANYWHERE,
      START,
      END
    }

    private final Where where;
    private final Node.Text text;
    private final Node.Text part;

    Find(Where where, Node.Text text, Node.Text part) {
      this.where = where;
      this.text = text;
      this.part = part;
    }

    @Override
    int test(Scope scope) {
      String a = text.value(scope);
      if (a == null) {
        return ERROR;
      }
      String b = part.value(scope);
      if (b == null) {
        return ERROR;
      }
      return switch (where) {
        case ANYWHERE -> {
          // Java's search starts over at each character.
          scope.charge(((long) a.length() * b.length()) >> 6);
          yield of(a.contains(b));
        }
        case START -> {
          scope.charge(b.length() >> 6);
          yield of(a.startsWith(b));
        }
        case END -> {
          scope.charge(b.length() >> 6);
          yield of(a.endsWith(b));
        }
      };
    }
  }

  /** Whether a part of a text matches; in time linear to text and pattern. */
  static final class Matches extends Node.Bool {
    private final Node.Text text;
    private final Pattern pattern;
    private final int size;

    Matches(Node.Text text, Pattern pattern) {
      this.text = text;
      this.pattern = pattern;
      this.size = pattern.programSize();
    }

    @Override
    int test(Scope scope) {
      String value = text.value(scope);
      if (value == null) {
        return ERROR;
      }
      scope.charge(1 + (((long) value.length() * size) >> 4));
      return of(pattern.matcher(value).find());
    }
  }

  /** Characters (code points) of a string. */
  static final class Length extends Node.Int {
    private final Node.Text of;

    Length(Node.Text of) {
      super(ValueType.INT);
      this.of = of;
    }

    @Override
    long value(Scope scope) {
      String value = of.value(scope);
      if (value == null) {
        return 0;
      }
      scope.charge(value.length() >> 6);
      return value.codePointCount(0, value.length());
    }
  }

  /** {@code string(int)}. */
  static final class IntToText extends Node.Text {
    private final Node.Int of;

    IntToText(Node.Int of) {
      this.of = of;
    }

    @Override
    @Nullable String value(Scope scope) {
      long value = of.value(scope);
      return scope.error == null ? Long.toString(value) : null;
    }
  }
}
