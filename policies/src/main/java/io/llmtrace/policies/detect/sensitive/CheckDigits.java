package io.llmtrace.policies.detect.sensitive;

/**
 * Check digits that many numbers share. Digits come as a string of {@code 0} to {@code 9} without
 * separators; a string of another form is a mistake of the caller.
 */
final class CheckDigits {
  /** Multiplication in the dihedral group D5, permutation by position: Verhoeff, 1969. */
  private static final int[][] VERHOEFF_TIMES = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
    {2, 3, 4, 0, 1, 7, 8, 9, 5, 6}, {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
    {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
    {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
    {8, 7, 6, 5, 9, 3, 2, 1, 0, 4}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}
  };

  private static final int[][] VERHOEFF_TURN = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4},
    {5, 8, 0, 3, 7, 9, 6, 1, 4, 2}, {8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
    {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
    {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}
  };

  private CheckDigits() {}

  static int digit(String digits, int index) {
    return digits.charAt(index) - '0';
  }

  /** ISO/IEC 7812-1 annex B. */
  static boolean luhn(String digits) {
    int sum = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digit(digits, digits.length() - 1 - i);
      int doubled = i % 2 == 1 ? digit * 2 : digit;
      sum += doubled > 9 ? doubled - 9 : doubled;
    }
    return sum % 10 == 0;
  }

  static boolean verhoeff(String digits) {
    int state = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digit(digits, digits.length() - 1 - i);
      state = VERHOEFF_TIMES[state][VERHOEFF_TURN[i % 8][digit]];
    }
    return state == 0;
  }

  /** Sum of the first digits, each by its weight. */
  static int weighted(String digits, int... weights) {
    int sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += digit(digits, i) * weights[i];
    }
    return sum;
  }

  /** ISO 7064 MOD 11,10, the check digit last. */
  static boolean mod11And10(String digits) {
    int product = 10;
    for (int i = 0; i < digits.length() - 1; i++) {
      int sum = (digit(digits, i) + product) % 10;
      product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return (11 - product) % 10 == digit(digits, digits.length() - 1);
  }

  /** Remainder by 97 of letters and digits, letters as 10 to 35 (ISO 7064 MOD 97-10). */
  static int mod97(String value) {
    int rest = 0;
    for (int i = 0; i < value.length(); i++) {
      int digit = Character.digit(value.charAt(i), 36);
      rest = (digit > 9 ? rest * 100 + digit : rest * 10 + digit) % 97;
    }
    return rest;
  }

  /** ICAO 9303: weights 7, 3, 1 and letters as 10 to 35; the check digit is the last character. */
  static boolean icao(String value) {
    int sum = 0;
    for (int i = 0; i < value.length() - 1; i++) {
      sum += Character.digit(value.charAt(i), 36) * (i % 3 == 0 ? 7 : i % 3 == 1 ? 3 : 1);
    }
    return sum % 10 == Character.digit(value.charAt(value.length() - 1), 36);
  }

  /** A day of a year that exists in some year, month 1 to 12. */
  static boolean day(int month, int day) {
    int longest =
        switch (month) {
          case 4, 6, 9, 11 -> 30;
          case 2 -> 29;
          default -> 31;
        };
    return month >= 1 && month <= 12 && day >= 1 && day <= longest;
  }

  /** The number in digits {@code [from, to)}. */
  static int number(String digits, int from, int to) {
    int value = 0;
    for (int i = from; i < to; i++) {
      value = value * 10 + digit(digits, i);
    }
    return value;
  }
}
