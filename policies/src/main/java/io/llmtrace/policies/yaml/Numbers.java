package io.llmtrace.policies.yaml;

/** Numbers as people write them. Stateless. */
final class Numbers {
  private Numbers() {}

  /** Without a fraction where there is none. */
  static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
