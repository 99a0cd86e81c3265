package io.llmtrace.controlplane.statistics;

/** The order of PostgreSQL's {@code COLLATE "C"}, which is that of code points. Stateless. */
final class ByCodePoint {
  private ByCodePoint() {}

  static int compare(String one, String other) {
    int most = Math.min(one.length(), other.length());
    for (int i = 0; i < most; i++) {
      char a = one.charAt(i);
      char b = other.charAt(i);
      if (a != b) {
        // Halves of a pair come after all that is no half: of UTF-16 alone some would be before.
        boolean pairs = Character.isSurrogate(a) != Character.isSurrogate(b);
        return pairs ? (Character.isSurrogate(a) ? 1 : -1) : Character.compare(a, b);
      }
    }
    return Integer.compare(one.length(), other.length());
  }
}
