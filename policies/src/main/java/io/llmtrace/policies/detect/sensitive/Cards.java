package io.llmtrace.policies.detect.sensitive;

/** Issuer identification numbers of ISO/IEC 7812 that card schemes use, with their lengths. */
final class Cards {
  private Cards() {}

  static boolean issued(String number) {
    int length = number.length();
    int two = CheckDigits.number(number, 0, 2);
    int three = CheckDigits.number(number, 0, 3);
    int four = CheckDigits.number(number, 0, 4);
    boolean visa = number.charAt(0) == '4' && (length == 16 || length == 13 || length == 19);
    boolean mastercard =
        length == 16 && ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720));
    boolean amex = length == 15 && (two == 34 || two == 37);
    boolean discover =
        length >= 16 && (four == 6011 || (three >= 644 && three <= 649) || two == 65);
    boolean jcb = length >= 16 && four >= 3528 && four <= 3589;
    boolean diners =
        length >= 14
            && length != 15
            && ((three >= 300 && three <= 305) || two == 36 || two == 38 || two == 39);
    boolean unionPay = length >= 16 && (two == 62 || two == 81);
    boolean mir = length == 16 && four >= 2200 && four <= 2204;
    boolean troyOrElo =
        length == 16 && (four == 9792 || four == 6362 || four == 5067 || four == 5090);
    boolean rupay = length == 16 && (two == 60 || two == 82 || three == 508);
    return visa
        || mastercard
        || amex
        || discover
        || jcb
        || diners
        || unionPay
        || mir
        || troyOrElo
        || ofMaestro(number)
        || rupay;
  }

  /** Wide ranges with lengths of 12 to 19: they say little without a word beside the number. */
  static boolean ofMaestro(String number) {
    int two = CheckDigits.number(number, 0, 2);
    int four = CheckDigits.number(number, 0, 4);
    return two == 50
        || (two >= 56 && two <= 58)
        || four / 10 == 639
        || four == 6304
        || four == 6759
        || (four >= 6761 && four <= 6763);
  }
}
