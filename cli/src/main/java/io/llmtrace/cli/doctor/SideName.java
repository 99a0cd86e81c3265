package io.llmtrace.cli.doctor;

import java.util.Locale;

/** Sides as people write them. Stateless. */
final class SideName {
  private SideName() {}

  static String of(Check.Side side) {
    return side.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
