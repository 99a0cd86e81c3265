package io.llmtrace.cli.doctor;

import java.util.Locale;

/** How bad a problem is. */
enum Severity {
  /** Something does not work, or works unsafely. */
  ERROR,
  /** It works, and will not for long or not under load. */
  WARNING;

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
