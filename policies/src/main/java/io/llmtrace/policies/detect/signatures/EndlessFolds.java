package io.llmtrace.policies.detect.signatures;

import java.util.BitSet;
import java.util.Set;

/**
 * Characters on which RE2/J 1.8 never ends when it compiles them under {@code (?i)}. It walks from
 * a character to the next that differs in case only until it is back, and takes the next from its
 * own table where it has one and from the JDK where not: a JDK that knows more of Unicode than the
 * table can lead it into a circle that the first character is not part of, as with U+1C80.
 */
final class EndlessFolds {
  /** Those that RE2/J's table leads back, though the JDK would not. */
  private static final Set<Integer> IN_TABLE =
      Set.of(
          0xB5, 0x130, 0x131, 0x17F, 0x1C5, 0x1C8, 0x1CB, 0x1F2, 0x345, 0x3C2, 0x3D0, 0x3D1, 0x3D5,
          0x3D6, 0x3F0, 0x3F1, 0x3F4, 0x3F5, 0x1E9B, 0x1E9E, 0x1FBE, 0x2126, 0x212A, 0x212B);

  /** No letter beyond has case. */
  private static final int LAST_CASED = 0x1FFFF;

  static final BitSet MEMBERS = members();

  private EndlessFolds() {}

  private static BitSet members() {
    BitSet members = new BitSet();
    for (int c = 0x80; c <= LAST_CASED; c++) {
      int second = next(c);
      // The JDK maps at most three letters in a row.
      boolean returns = second == c || next(second) == c || next(next(second)) == c;
      if (!returns && !IN_TABLE.contains(c)) {
        members.set(c);
      }
    }
    return members;
  }

  private static int next(int c) {
    int lower = Character.toLowerCase(c);
    return lower != c ? lower : Character.toUpperCase(c);
  }
}
