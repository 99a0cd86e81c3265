package io.llmtrace.policies.detect.sensitive;

import static io.llmtrace.policies.detect.sensitive.CheckDigits.day;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.digit;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.luhn;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.number;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.verhoeff;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.weighted;

/**
 * Whether a number can be one of a national register of Asia, Africa or the Pacific: the check
 * digits and dates that its issuer publishes. Separators are gone; letters are upper case.
 */
final class AsiaAfricaPacificIds {
  private static final String CHINESE = "10X98765432";

  private AsiaAfricaPacificIds() {}

  /** UIDAI: Verhoeff, never 0 or 1 in front. */
  static boolean inAadhaar(String d) {
    return d.charAt(0) > '1' && verhoeff(d);
  }

  /** Income Tax Department: the fourth letter names the kind of holder. */
  static boolean inPan(String s) {
    return Text.capitals(s, 0, 5)
        && "ABCFGHJLPT".indexOf(s.charAt(3)) >= 0
        && Text.digits(s, 5, 9)
        && Text.upper(s.charAt(9));
  }

  /** GB 11643: birthday, weights, check character of modulus 11. */
  static boolean cnResidentId(String s) {
    int year = Text.digits(s, 0, 17) ? number(s, 6, 10) : 0;
    int sum =
        year < 1880 || year > 2100
            ? -1
            : weighted(s, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2);
    return sum >= 0
        && s.charAt(0) != '0'
        && day(number(s, 10, 12), number(s, 12, 14))
        && CHINESE.charAt(sum % 11) == s.charAt(17);
  }

  /**
   * Resident registration: birthday and a digit of sex and century. Newer numbers carry no check.
   */
  static boolean krRrn(String d) {
    return day(number(d, 2, 4), number(d, 4, 6)) && d.charAt(6) >= '0';
  }

  static boolean krRrnChecked(String d) {
    return (11 - weighted(d, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5) % 11) % 10 == digit(d, 12);
  }

  /** Ministerial ordinance on the individual number, article 5. */
  static boolean jpMyNumber(String d) {
    int rest = weighted(d, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11;
    return (rest <= 1 ? 0 : 11 - rest) == digit(d, 11);
  }

  /** ICA: a table of check letters for each prefix. */
  static boolean sgNric(String s) {
    if (!Text.digits(s, 1, 8)) {
      return false;
    }
    char prefix = s.charAt(0);
    int sum = weighted(s.substring(1), 2, 7, 6, 5, 4, 3, 2);
    int rest = (sum + (prefix == 'T' || prefix == 'G' ? 4 : prefix == 'M' ? 3 : 0)) % 11;
    String letters =
        switch (prefix) {
          case 'S', 'T' -> "JZIHGFEDCBA";
          case 'F', 'G' -> "XWUTRQPNMLK";
          case 'M' -> "KLJNPQRTUWX";
          default -> "???????????";
        };
    return letters.charAt(prefix == 'M' ? 10 - rest : rest) == s.charAt(8);
  }

  /** National Immigration Agency: the letter as two digits, weights 1 9 8 7 6 5 4 3 2 1 1. */
  static boolean twId(String s) {
    int letter = "ABCDEFGHJKLMNPQRSTUVXYWZIO".indexOf(s.charAt(0)) + 10;
    if (!Text.digits(s, 1, 10) || letter < 10 || (s.charAt(1) != '1' && s.charAt(1) != '2')) {
      return false;
    }
    return (letter / 10 + letter % 10 * 9 + weighted(s.substring(1), 8, 7, 6, 5, 4, 3, 2, 1, 1))
            % 10
        == 0;
  }

  /** Department of Provincial Administration: weights 13 to 2, modulus 11. */
  static boolean thId(String d) {
    return d.charAt(0) != '0'
        && d.charAt(0) != '9'
        && (11 - weighted(d, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2) % 11) % 10 == digit(d, 12);
  }

  /** Australian Taxation Office: weights, modulus 11. */
  static boolean auTfn(String d) {
    return weighted(d, 1, 4, 3, 7, 5, 8, 6, 9, 10) % 11 == 0;
  }

  /** Services Australia: weights 1, 3, 7, 9, the ninth digit checks. */
  static boolean auMedicare(String d) {
    return d.charAt(0) >= '2'
        && d.charAt(0) <= '6'
        && weighted(d, 1, 3, 7, 9, 1, 3, 7, 9) % 10 == digit(d, 8);
  }

  /** Department of Home Affairs: birthday, citizenship, Luhn. */
  static boolean zaId(String d) {
    return day(number(d, 2, 4), number(d, 4, 6)) && d.charAt(10) <= '2' && luhn(d);
  }
}
