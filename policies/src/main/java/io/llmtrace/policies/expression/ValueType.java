package io.llmtrace.policies.expression;

import org.jspecify.annotations.Nullable;

/** Types of values. There are no lists of lists. */
enum ValueType {
  BOOL("bool", null),
  INT("int", null),
  DOUBLE("double", null),
  STRING("string", null),
  /** Epoch milliseconds. */
  TIMESTAMP("timestamp", null),
  /** Milliseconds. */
  DURATION("duration", null),
  FINDING("finding", null),
  /** Strings by lower-case name; only the variable {@code headers} has it. */
  HEADERS("map of headers", null),
  BOOLS("list of bool", BOOL),
  INTS("list of int", INT),
  DOUBLES("list of double", DOUBLE),
  STRINGS("list of string", STRING),
  TIMESTAMPS("list of timestamp", TIMESTAMP),
  DURATIONS("list of duration", DURATION),
  FINDINGS("list of finding", FINDING);

  private final String label;
  private final @Nullable ValueType element;

  ValueType(String label, @Nullable ValueType element) {
    this.label = label;
    this.element = element;
  }

  /** For people. */
  String label() {
    return label;
  }

  /** What a list holds; null for what is no list. */
  @Nullable ValueType element() {
    return element;
  }

  /** The list of it; null where there is none. */
  @Nullable ValueType list() {
    for (ValueType each : values()) {
      if (each.element == this) {
        return each;
      }
    }
    return null;
  }
}
