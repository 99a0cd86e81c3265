package io.llmtrace.policies.detect.sensitive;

import io.llmtrace.policies.detect.sensitive.AssignedValue.Manner;

/** Whether a value looks like a secret: a password unlike a word, a token with entropy. */
final class SecretLooks {
  static final int LONGEST_PASSWORD = 128;

  private SecretLooks() {}

  /** How sure it is that this is a password; 0 where it is not. */
  static double password(String value, Manner manner) {
    int length = value.length();
    if (length < 4
        || length > LONGEST_PASSWORD
        || value.indexOf(' ') >= 0
        || value.contains("://")) {
      return 0;
    }
    int lower = 0;
    int upper = 0;
    int digits = 0;
    int signs = 0;
    int soft = 0;
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      if (Text.lower(c)) {
        lower++;
      } else if (Text.upper(c)) {
        upper++;
      } else if (Text.digit(c)) {
        digits++;
      } else if (c == '-' || c == '_' || c == '.' || c == '/' || c == ':' || c == ',') {
        soft++;
      } else if (c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}' || c == '|'
          || c == '<' || c == '>') {
        soft++;
        if (manner != Manner.QUOTED) {
          return 0;
        }
      } else {
        signs++;
      }
    }
    int letters = lower + upper;
    double sure = manner == Manner.SAID ? 0.8 : manner == Manner.COLON ? 0.88 : 0.93;
    if (letters + digits + signs < 4) {
      return 0;
    }
    if (signs > 0 && letters > 0 && length >= 6) {
      return soft > 0 && digits == 0 && signs == 1 && letters > 10 ? 0 : sure;
    }
    if (letters > 0 && digits > 0) {
      return mixed(value, length, lower, upper, soft) ? sure : 0;
    }
    if (letters == length) {
      return length >= 8 && jumbled(value, lower, upper) ? sure - 0.1 : 0;
    }
    boolean figures = digits == length && length >= 6 && length <= 12;
    return figures && manner != Manner.SAID && manner != Manner.COLON ? 0.6 : 0;
  }

  private static boolean mixed(String value, int length, int lower, int upper, int soft) {
    if (length < 6) {
      return false;
    }
    // my-service-2 and v1.2.3-rc1 are names.
    if (soft > 0 && upper == 0) {
      return false;
    }
    if (soft > 1 && value.chars().filter(c -> c == '.' || c == '/').count() > 1) {
      return false;
    }
    return lower + upper > 1 || length >= 8;
  }

  /** Letters in both cases, changing more often than words in camel case do. */
  private static boolean jumbled(String value, int lower, int upper) {
    if (lower < 2 || upper < 2) {
      return false;
    }
    int humps = 1;
    for (int i = 1; i < value.length(); i++) {
      humps += Text.upper(value.charAt(i)) ? 1 : 0;
    }
    return value.length() < 3.4 * humps;
  }

  /** Whether a value has the entropy of a token: characters of one alphabet, no words. */
  static boolean token(String value) {
    int length = value.length();
    if (length < 16 || length > AssignedValue.LONGEST) {
      return false;
    }
    int digits = 0;
    int letters = 0;
    int upper = 0;
    int soft = 0;
    boolean hex = true;
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      if (!(Text.word(c) || "-./+=~:$@!%".indexOf(c) >= 0)) {
        return false;
      }
      digits += Text.digit(c) ? 1 : 0;
      letters += Text.letter(c) ? 1 : 0;
      upper += Text.upper(c) ? 1 : 0;
      soft += Text.alnum(c) ? 0 : 1;
      hex &= Text.hex(c) || c == '-';
    }
    if (letters == 0 || (digits == 0 && (length < 20 || upper < 3)) || value.contains("://")) {
      return false;
    }
    if (soft * 6 > length || (!hex && words(value))) {
      return false;
    }
    double entropy = Text.entropy(value);
    // A random string of n characters shows at most log2(n) bits: shorter ones are judged by less.
    double least = hex ? 2.9 : Math.min(3.7, Math.log(length) / Math.log(2) * 0.78);
    return entropy >= least;
  }

  /** Whether it is made of words: my-service-account-token-1, config.auth.tokenUrl. */
  private static boolean words(String value) {
    int letters = 0;
    int inWords = 0;
    int run = 0;
    for (int i = 0; i <= value.length(); i++) {
      char c = i < value.length() ? value.charAt(i) : '-';
      boolean goesOn = Text.lower(c) || (Text.upper(c) && run == 0);
      if (Text.letter(c)) {
        letters++;
      }
      if (goesOn) {
        run++;
        continue;
      }
      inWords += run >= 4 ? run : 0;
      run = Text.upper(c) ? 1 : 0;
    }
    return letters > 0 && inWords * 10 >= letters * 7;
  }
}
