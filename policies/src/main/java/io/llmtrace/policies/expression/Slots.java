package io.llmtrace.policies.expression;

import io.llmtrace.policies.detect.Finding;

/** The variables of loops. Their values are never an error: a loop ends before that. */
final class Slots {
  private Slots() {}

  static Node of(ValueType type, int slot) {
    return switch (type) {
      case BOOL -> new OfBool(slot);
      case DOUBLE -> new OfReal(slot);
      case STRING -> new OfText(slot);
      case FINDING -> new OfFinding(slot);
      case INT, TIMESTAMP, DURATION -> new OfInt(type, slot);
      default -> throw new IllegalArgumentException("an element " + type);
    };
  }

  /** What is in a slot: linking has seen to its being there, and to its type. */
  private static <T> T read(Scope scope, int slot, Class<T> type) {
    Object value = scope.slots[slot];
    if (value == null) {
      throw new IllegalStateException("an element outside of its loop");
    }
    return type.cast(value);
  }

  private static final class OfBool extends Node.Bool {
    private final int slot;

    OfBool(int slot) {
      this.slot = slot;
    }

    @Override
    int test(Scope scope) {
      return of(read(scope, slot, Boolean.class));
    }
  }

  private static final class OfInt extends Node.Int {
    private final int slot;

    OfInt(ValueType type, int slot) {
      super(type);
      this.slot = slot;
    }

    @Override
    long value(Scope scope) {
      return read(scope, slot, Long.class);
    }
  }

  private static final class OfReal extends Node.Real {
    private final int slot;

    OfReal(int slot) {
      this.slot = slot;
    }

    @Override
    double value(Scope scope) {
      return read(scope, slot, Double.class);
    }
  }

  private static final class OfText extends Node.Text {
    private final int slot;

    OfText(int slot) {
      this.slot = slot;
    }

    @Override
    String value(Scope scope) {
      return read(scope, slot, String.class);
    }
  }

  private static final class OfFinding extends Node.OfFinding {
    private final int slot;

    OfFinding(int slot) {
      this.slot = slot;
    }

    @Override
    Finding value(Scope scope) {
      return read(scope, slot, Finding.class);
    }
  }
}
