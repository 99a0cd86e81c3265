package io.llmtrace.policies.expression;

import io.llmtrace.policies.detect.Finding;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is evaluated. There is a class for each kind of value, chosen when a program is linked, so
 * that numbers are not boxed on the way. Immutable and thread-safe; all state is in the scope.
 *
 * <p>A value that cannot be had (a header that is not there, an overflow) is {@link Scope#error};
 * exceptions would be dearer, and a missing header is an everyday thing.
 */
abstract sealed class Node
    permits Node.Bool, Node.Int, Node.Real, Node.Text, Node.Items, Node.OfFinding, Node.OfHeaders {
  final ValueType type;

  private Node(ValueType type) {
    this.type = type;
  }

  /** The value as an object; null where there is an error. */
  abstract @Nullable Object boxed(Scope scope);

  /** A bool. */
  abstract static non-sealed class Bool extends Node {
    static final int FALSE = 0;
    static final int TRUE = 1;

    /** With {@link Scope#error} set. */
    static final int ERROR = 2;

    Bool() {
      super(ValueType.BOOL);
    }

    abstract int test(Scope scope);

    static int of(boolean holds) {
      return holds ? TRUE : FALSE;
    }

    @Override
    final @Nullable Object boxed(Scope scope) {
      int result = test(scope);
      return result == ERROR ? null : (Object) (result == TRUE);
    }
  }

  /** An int, a timestamp or a duration. */
  abstract static non-sealed class Int extends Node {
    Int(ValueType type) {
      super(type);
    }

    /** Without meaning where {@link Scope#error} is set. */
    abstract long value(Scope scope);

    @Override
    final @Nullable Object boxed(Scope scope) {
      long value = value(scope);
      return scope.error == null ? (Object) value : null;
    }
  }

  /** A double. */
  abstract static non-sealed class Real extends Node {
    Real() {
      super(ValueType.DOUBLE);
    }

    /** Without meaning where {@link Scope#error} is set. */
    abstract double value(Scope scope);

    @Override
    final @Nullable Object boxed(Scope scope) {
      double value = value(scope);
      return scope.error == null ? (Object) value : null;
    }
  }

  /** A string. */
  abstract static non-sealed class Text extends Node {
    Text() {
      super(ValueType.STRING);
    }

    /** Null exactly where {@link Scope#error} is set. */
    abstract @Nullable String value(Scope scope);

    @Override
    final @Nullable Object boxed(Scope scope) {
      return value(scope);
    }
  }

  /** A list; timestamps and durations in it are {@code Long}, in milliseconds. */
  abstract static non-sealed class Items extends Node {
    Items(ValueType type) {
      super(type);
    }

    /** Null exactly where {@link Scope#error} is set. */
    abstract @Nullable List<?> value(Scope scope);

    @Override
    final @Nullable Object boxed(Scope scope) {
      return value(scope);
    }
  }

  /** A finding. */
  abstract static non-sealed class OfFinding extends Node {
    OfFinding() {
      super(ValueType.FINDING);
    }

    /** Null exactly where {@link Scope#error} is set. */
    abstract @Nullable Finding value(Scope scope);

    @Override
    final @Nullable Object boxed(Scope scope) {
      return value(scope);
    }
  }

  /** The headers, which only a few functions take. */
  static final class OfHeaders extends Node {
    OfHeaders() {
      super(ValueType.HEADERS);
    }

    @Override
    Object boxed(Scope scope) {
      return scope.facts().headers();
    }
  }
}
