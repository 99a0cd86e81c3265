package io.llmtrace.policies.detect.sensitive;

import static io.llmtrace.policies.detect.sensitive.CheckDigits.day;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.digit;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.luhn;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.number;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.weighted;

/**
 * Whether a number can be one of a register of North or South America: the check digits, dates and
 * ranges that its issuer publishes. Separators are gone; letters are upper case.
 */
final class AmericanIds {
  private static final String CURP = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ";

  private AmericanIds() {}

  /**
   * Social Security Administration: no area 000, 666 or 900 to 999, no group 00, no serial 0000.
   */
  static boolean usSsn(String d) {
    int area = number(d, 0, 3);
    return area != 0 && area != 666 && area < 900 && number(d, 3, 5) != 0 && number(d, 5, 9) != 0;
  }

  /** IRS: 9xx, and a group of 50 to 65, 70 to 88, 90 to 92 or 94 to 99. */
  static boolean usItin(String d) {
    int group = number(d, 3, 5);
    return d.charAt(0) == '9'
        && ((group >= 50 && group <= 65)
            || (group >= 70 && group <= 88)
            || (group >= 90 && group != 93));
  }

  /** IRS: the prefixes that no campus issues. */
  static boolean usEin(String d) {
    int prefix = number(d, 0, 2);
    return prefix != 0
        && prefix != 7
        && prefix != 8
        && prefix != 9
        && prefix != 17
        && prefix != 18
        && prefix != 19
        && prefix != 28
        && prefix != 29
        && prefix != 49
        && prefix != 69
        && prefix != 70
        && prefix != 78
        && prefix != 79
        && prefix != 89
        && prefix != 96
        && prefix != 97;
  }

  /** American Bankers Association: Federal Reserve district, weights 3, 7, 1. */
  static boolean abaRouting(String d) {
    int district = number(d, 0, 2);
    boolean issued =
        (district >= 1 && district <= 12)
            || (district >= 21 && district <= 32)
            || (district >= 61 && district <= 72)
            || district == 80;
    return issued && weighted(d, 3, 7, 1, 3, 7, 1, 3, 7, 1) % 10 == 0;
  }

  /** Centers for Medicare and Medicaid Services: Luhn behind the prefix 80840. */
  static boolean usNpi(String d) {
    return (d.charAt(0) == '1' || d.charAt(0) == '2') && luhn("80840" + d);
  }

  /** Medicare Beneficiary Identifier, CMS: where letters and digits stand; no S, L, O, I, B, Z. */
  static boolean usMbi(String s) {
    return s.matches(
        "[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y][0-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y][0-9]"
            + "[AC-HJKMNP-RT-Y]{2}[0-9]{2}");
  }

  /** Drug Enforcement Administration: sums of alternate digits. */
  static boolean usDea(String s) {
    return "ABCDEFGHJKLMPRSTUX".indexOf(s.charAt(0)) >= 0
        && (Text.upper(s.charAt(1)) || s.charAt(1) == '9')
        && Text.digits(s, 2, 9)
        && weighted(s.substring(2), 1, 2, 1, 2, 1, 2) % 10 == digit(s, 8);
  }

  /** 49 CFR 565.15: transliteration, weights, modulus 11; the ninth character checks. */
  static boolean vin(String s) {
    int[] weights = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    int sum = 0;
    for (int i = 0; i < 17; i++) {
      char c = s.charAt(i);
      int value =
          Text.digit(c)
              ? c - '0'
              : "ABCDEFGH".indexOf(c) >= 0
                  ? c - 'A' + 1
                  : "JKLMN".indexOf(c) >= 0
                      ? c - 'J' + 1
                      : c == 'P' ? 7 : c == 'R' ? 9 : "STUVWXYZ".indexOf(c) >= 0 ? c - 'S' + 2 : -1;
      if (value < 0) {
        return false;
      }
      sum += value * weights[i];
    }
    return "0123456789X".charAt(sum % 11) == s.charAt(8);
  }

  /** Service Canada: Luhn, no 0 or 8 in front. */
  static boolean caSin(String d) {
    return d.charAt(0) != '8' && luhn(d);
  }

  /** RENAPO: 37 letters, weights 18 to 2. */
  static boolean mxCurp(String s) {
    if (!Text.capitals(s, 0, 4)
        || !Text.digits(s, 4, 10)
        || "HMX".indexOf(s.charAt(10)) < 0
        || !Text.capitals(s, 11, 16)
        || !Text.digits(s, 17, 18)
        || !day(number(s, 6, 8), number(s, 8, 10))) {
      return false;
    }
    int sum = 0;
    for (int i = 0; i < 17; i++) {
      sum += CURP.indexOf(s.charAt(i)) * (18 - i);
    }
    return (10 - sum % 10) % 10 == digit(s, 17);
  }

  /** Receita Federal: two check digits, modulus 11. */
  static boolean brCpf(String d) {
    int first = weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10;
    int second = weighted(d, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2) * 10 % 11 % 10;
    return first == digit(d, 9) && second == digit(d, 10) && d.chars().distinct().count() > 1;
  }

  static boolean brCnpj(String d) {
    int first = weighted(d, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2) % 11;
    int second = weighted(d, 6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2) % 11;
    return (first < 2 ? 0 : 11 - first) == digit(d, 12)
        && (second < 2 ? 0 : 11 - second) == digit(d, 13)
        && d.chars().distinct().count() > 1;
  }

  /** Servicio de Impuestos Internos: weights 2 to 7 from the right, modulus 11, K for 10. */
  static boolean clRut(String s) {
    int sum = 0;
    for (int i = s.length() - 2, weight = 2; i >= 0; i--, weight = weight == 7 ? 2 : weight + 1) {
      sum += digit(s, i) * weight;
    }
    return "0K987654321".charAt(sum % 11) == s.charAt(s.length() - 1);
  }

  /** AFIP: weights 5 4 3 2 7 6 5 4 3 2, modulus 11. */
  static boolean arCuit(String d) {
    int type = number(d, 0, 2);
    int check = 11 - weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11;
    return (type == 20 || (type >= 23 && type <= 27) || type == 30 || type == 33 || type == 34)
        && (check == 11 ? 0 : check == 10 ? 9 : check) == digit(d, 10);
  }
}
