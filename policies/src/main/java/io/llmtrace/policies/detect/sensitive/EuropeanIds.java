package io.llmtrace.policies.detect.sensitive;

import static io.llmtrace.policies.detect.sensitive.CheckDigits.day;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.digit;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.icao;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.luhn;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.mod11And10;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.number;
import static io.llmtrace.policies.detect.sensitive.CheckDigits.weighted;

import java.util.Locale;
import java.util.Set;

/**
 * Whether a number can be one of a national register of Europe, Turkey included: the check digits
 * and dates that its issuer publishes. Separators are gone; letters are upper case.
 */
final class EuropeanIds {
  private static final String SPANISH = "TRWAGMYFPDXBNJZSQVHLCKE";
  private static final String FINNISH = "0123456789ABCDEFHJKLMNPRSTUVWXY";
  private static final int[] ITALIAN_ODD = {
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23
  };

  private EuropeanIds() {}

  /** NHS data dictionary: weights 10 to 2, modulus 11. */
  static boolean ukNhs(String d) {
    int check = 11 - weighted(d, 10, 9, 8, 7, 6, 5, 4, 3, 2) % 11;
    return (check == 11 ? 0 : check) == digit(d, 9);
  }

  /** HMRC: the first letters that are never given, and a suffix of A to D. */
  static boolean ukNino(String s) {
    String prefix = s.substring(0, 2);
    return "ABCEGHJKLMNOPRSTWXYZ".indexOf(s.charAt(0)) >= 0
        && "ABCEGHJKLMNPRSTWXYZ".indexOf(s.charAt(1)) >= 0
        && !Set.of("BG", "GB", "KN", "NK", "NT", "TN", "ZZ").contains(prefix)
        && Text.digits(s, 2, 8)
        && s.charAt(8) >= 'A'
        && s.charAt(8) <= 'D';
  }

  /** Bundeszentralamt für Steuern: MOD 11,10, and one digit of the first ten two or three times. */
  static boolean deTaxId(String d) {
    int[] counts = new int[10];
    for (int i = 0; i < 10; i++) {
      counts[digit(d, i)]++;
    }
    int repeated = 0;
    for (int count : counts) {
      if (count > 3) {
        return false;
      }
      repeated += count > 1 ? 1 : 0;
    }
    return d.charAt(0) != '0' && repeated == 1 && mod11And10(d);
  }

  /** Deutsche Rentenversicherung: area, birthday, initial, serial, check digit. */
  static boolean deSocialInsurance(String s) {
    if (!Text.digits(s, 0, 8) || !Text.upper(s.charAt(8)) || !Text.digits(s, 9, 12)) {
      return false;
    }
    String d =
        s.substring(0, 8)
            + String.format(Locale.ROOT, "%02d", s.charAt(8) - 'A' + 1)
            + s.substring(9);
    int[] weights = {2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1};
    int sum = 0;
    for (int i = 0; i < weights.length; i++) {
      int product = digit(d, i) * weights[i];
      sum += product / 10 + product % 10;
    }
    int birthday = number(d, 2, 4);
    return (day(number(d, 4, 6), birthday) || day(number(d, 4, 6), birthday - 50))
        && sum % 10 == digit(d, 12);
  }

  /** Personalausweisverordnung: nine of these letters and digits, ICAO check digit. */
  static boolean deIdCard(String s) {
    return s.length() == 10
        && "LMNPRTVWXY".indexOf(s.charAt(0)) >= 0
        && s.chars().limit(9).allMatch(c -> "CFGHJKLMNPRTVWXYZ0123456789".indexOf(c) >= 0)
        && icao(s);
  }

  /** INSEE: sex, year, month, department, commune, order, key of 97. */
  static boolean frNir(String d) {
    int month = number(d, 2, 4);
    boolean born = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50;
    long body = Long.parseLong(d.substring(0, 13));
    return (d.charAt(0) == '1' || d.charAt(0) == '2')
        && born
        && 97 - body % 97 == number(d, 13, 15);
  }

  /** Ministerio del Interior: the letter of the remainder by 23. */
  static boolean esDni(String s) {
    return Text.digits(s, 0, 8) && SPANISH.charAt(number(s, 0, 8) % 23) == s.charAt(8);
  }

  static boolean esNie(String s) {
    int first = "XYZ".indexOf(s.charAt(0));
    return first >= 0 && Text.digits(s, 1, 8) && esDni(first + s.substring(1));
  }

  /** Decreto 23 December 1976: the control character, and where letters and digits stand. */
  static boolean itCodiceFiscale(String s) {
    if (!s.matches(
        "[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]")) {
      return false;
    }
    int sum = 0;
    for (int i = 0; i < 15; i++) {
      char c = s.charAt(i);
      int value = Text.digit(c) ? c - '0' : c - 'A';
      sum += i % 2 == 0 ? ITALIAN_ODD[value] : value;
    }
    return s.charAt(15) == 'A' + sum % 26;
  }

  /** Rejestr PESEL: birthday with the century in the month, weights 1, 3, 7, 9. */
  static boolean plPesel(String d) {
    return day(number(d, 2, 4) % 20, number(d, 4, 6))
        && (10 - weighted(d, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3) % 10) % 10 == digit(d, 10);
  }

  /** Belastingdienst: the eleven test. */
  static boolean nlBsn(String d) {
    return number(d, 0, 4) != 0 && weighted(d, 9, 8, 7, 6, 5, 4, 3, 2, -1) % 11 == 0;
  }

  /** Rijksregister: 97 less the remainder; a 2 in front for births since 2000. */
  static boolean beNationalNumber(String d) {
    int month = number(d, 2, 4) % 20;
    long body = Long.parseLong(d.substring(0, 9));
    int check = number(d, 9, 11);
    return month <= 12
        && number(d, 4, 6) <= 31
        && (97 - body % 97 == check || 97 - (2_000_000_000L + body) % 97 == check);
  }

  /** Autoridade Tributária: weights 9 to 2, modulus 11. */
  static boolean ptNif(String d) {
    int check = 11 - weighted(d, 9, 8, 7, 6, 5, 4, 3, 2) % 11;
    return "1235689".indexOf(d.charAt(0)) >= 0 && (check > 9 ? 0 : check) == digit(d, 8);
  }

  /** Skatteverket: birthday (60 more for a coordination number), Luhn over ten digits. */
  static boolean sePersonnummer(String digits) {
    String d = digits.substring(digits.length() - 10);
    int day = number(d, 4, 6);
    return (day(number(d, 2, 4), day) || day(number(d, 2, 4), day - 60)) && luhn(d);
  }

  /** Digital and Population Data Services Agency: remainder by 31. The sign is not looked at. */
  static boolean fiHetu(String s) {
    return Text.digits(s, 0, 6)
        && Text.digits(s, 7, 10)
        && day(number(s, 2, 4), number(s, 0, 2))
        && FINNISH.charAt((int) (Long.parseLong(s.substring(0, 6) + s.substring(7, 10)) % 31))
            == s.charAt(10);
  }

  /** CPR-kontoret: since 2007 the birthday is all that can be checked. */
  static boolean dkCpr(String d) {
    return day(number(d, 2, 4), number(d, 0, 2));
  }

  /** Skatteetaten: two check digits, modulus 11. */
  static boolean noFodselsnummer(String d) {
    int first = 11 - weighted(d, 3, 7, 6, 1, 8, 9, 4, 5, 2) % 11;
    int second = 11 - weighted(d, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11;
    int day = number(d, 0, 2);
    return (first == 11 ? 0 : first) == digit(d, 9)
        && (second == 11 ? 0 : second) == digit(d, 10)
        && day(number(d, 2, 4) % 40, day > 40 ? day - 40 : day);
  }

  /** Zentrale Ausgleichsstelle: 756 and the check digit of EAN-13. */
  static boolean chAhv(String d) {
    return d.startsWith("756")
        && (10 - weighted(d, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3) % 10) % 10 == digit(d, 12);
  }

  /** Dachverband der Sozialversicherungsträger: the fourth digit checks. */
  static boolean atSvnr(String d) {
    return d.charAt(0) != '0'
        && weighted(d, 3, 7, 9, 0, 5, 8, 4, 2, 1, 6) % 11 == digit(d, 3)
        && number(d, 4, 6) <= 31;
  }

  /** Department of Social Protection: modulus 23, the second letter counts nine times. */
  static boolean iePps(String s) {
    if (!Text.digits(s, 0, 7) || !Text.capitals(s, 7, s.length())) {
      return false;
    }
    int second = s.length() == 9 && s.charAt(8) != 'W' ? (s.charAt(8) - 'A' + 1) * 9 : 0;
    int rest = (weighted(s, 8, 7, 6, 5, 4, 3, 2) + second) % 23;
    return "WABCDEFGHIJKLMNOPQRSTUV".charAt(rest) == s.charAt(7);
  }

  /** Nüfus: two check digits. */
  static boolean trTckn(String d) {
    int odd = weighted(d, 1, 0, 1, 0, 1, 0, 1, 0, 1);
    int even = weighted(d, 0, 1, 0, 1, 0, 1, 0, 1);
    return d.charAt(0) != '0'
        && Math.floorMod(odd * 7 - even, 10) == digit(d, 9)
        && weighted(d, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1) % 10 == digit(d, 10);
  }

  /** CNP: birthday, weights 2 7 9 1 4 6 3 5 8 2 7 9, modulus 11. */
  static boolean roCnp(String d) {
    int rest = weighted(d, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11;
    return d.charAt(0) != '0'
        && day(number(d, 3, 5), number(d, 5, 7))
        && (rest == 10 ? 1 : rest) == digit(d, 12);
  }

  /** Rodné číslo, Czechia and Slovakia: divisible by 11, women 50 more in the month. */
  static boolean czRodneCislo(String d) {
    int month = number(d, 2, 4) % 50;
    return day(month > 20 ? month - 20 : month, number(d, 4, 6)) && Long.parseLong(d) % 11 == 0;
  }

  /** GRAO: birthday with the century in the month, weights, modulus 11. */
  static boolean bgEgn(String d) {
    int month = number(d, 2, 4);
    return day(month > 40 ? month - 40 : month > 20 ? month - 20 : month, number(d, 4, 6))
        && weighted(d, 2, 4, 8, 5, 10, 9, 7, 3, 6) % 11 % 10 == digit(d, 9);
  }

  /** AMKA: birthday and Luhn. */
  static boolean grAmka(String d) {
    return day(number(d, 2, 4), number(d, 0, 2)) && luhn(d);
  }

  /** Estonian and Lithuanian personal code: two rounds of weights, modulus 11. */
  static boolean eeIsikukood(String d) {
    int rest = weighted(d, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11;
    if (rest == 10) {
      rest = weighted(d, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11 % 10;
    }
    return d.charAt(0) > '0' && day(number(d, 3, 5), number(d, 5, 7)) && rest == digit(d, 10);
  }
}
