package io.llmtrace.policies.detect.sensitive;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Values that stand for another: left open, masked, made up, or given away by their publisher. */
final class Placeholders {
  private static final List<String> PARTS =
      List.of(
          ("example placeholder changeme change_me change-me redacted replace dummy insert"
                  + " your_ your- yourpass yourtoken yoursecret yourkey yourapi _here -here ****"
                  + " .... … process.env os.environ getenv notreal not-real fake_ fake- sample_ sample-"
                  + " todo_ my-secret my_secret mysecret my_token my-token mytoken mypassword"
                  + " my_password my-password secretsmanager vault:")
              .split(" ", -1));
  private static final Set<String> WORDS =
      Set.of(
          ("password passwd pass passwort pwd secret token admin test root user username none"
                  + " null nil undefined true false string hidden required optional key value foo bar"
                  + " foobar baz default empty unknown todo here abc xyz text bearer basic yes no"
                  + " incorrect correct invalid wrong expired missing masked protected secure encrypted"
                  + " plaintext sha1 sha256 sha512 md5 base64 utf8 oauth2 argon2 argon2id bcrypt scrypt"
                  + " pbkdf2 aes256 rsa2048 ed25519 x509 jwt uuid4 password1 password123 test123"
                  + " admin123 passw0rd p@ssw0rd p@ssword pa$$word guest postgres demo")
              .split(" ", -1));
  private static final List<String> KEYBOARD = List.of("qwertyui", "asdfghjk", "zxcvbnm");

  /** First characters of what vendors print in their documentation: nobody's keys. */
  private static final List<String> PUBLISHED =
      List.of("4eC39HqL", "BQokikJO", "tR3PYbcV", "wJalrXUt", "Eby8vdM0", "C2y6yDjf");

  private static final Set<String> TEST_CARDS =
      Set.of(
          ("4111111111111111 4242424242424242 4012888888881881 4222222222222 5555555555554444"
                  + " 5105105105105100 378282246310005 371449635398431 378734493671000 30569309025904"
                  + " 38520000023237 36227206271667 6011111111111117 6011000990139424 6011981111111113"
                  + " 3530111333300000 3566002020360505 3566111111111113 4000056655665556"
                  + " 5200828282828210 2223003122003222 6200000000000005 6205500000000000004"
                  + " 4444333322221111 5454545454545454 4917610000000000 4007000000027 5424000000000015"
                  + " 370000000000002 6011000000000012 3088000000000017 2222405343248877"
                  + " 2222990905257051 2222420000001113 4484070000000000 4012000033330026"
                  + " 4012000077777777 4005519200000004 4009348888881881 4217651111111119"
                  + " 4500600000000061 4166676667666746 4988438843884305 5577000055770004")
              .split(" ", -1));

  private Placeholders() {}

  /** Whether a value of a secret is one. */
  static boolean secret(String value) {
    String lower = value.toLowerCase(Locale.ROOT);
    if (open(value) || WORDS.contains(lower) || few(value) || lower.startsWith("your")) {
      return true;
    }
    for (String part : PARTS) {
      if (lower.contains(part)) {
        return true;
      }
    }
    for (String published : PUBLISHED) {
      if (value.startsWith(published)) {
        return true;
      }
    }
    return crossedOut(value) || sequence(lower, 8) || repeats(value, 6);
  }

  /** A variable, a template, a mask, a reference. */
  private static boolean open(String value) {
    if (value.isEmpty()) {
      return true;
    }
    char first = value.charAt(0);
    char last = value.charAt(value.length() - 1);
    return (first == '<' && value.indexOf('>') > 0)
        || (first == '[' && last == ']')
        || (first == '{' && last == '}')
        || (first == '%' && last == '%')
        || (first == '$' && value.length() > 1 && variable(value))
        || value.contains("${")
        || value.contains("{{")
        || value.contains("$(")
        || value.equals("%s");
  }

  /** Crossed out in one case; a key has any four letters in a row, and this one in either case. */
  private static boolean crossedOut(String value) {
    return value.contains("xxxx") || value.contains("XXXX");
  }

  /** {@code $NAME}. */
  private static boolean variable(String value) {
    for (int i = 1; i < value.length(); i++) {
      if (!Text.word(value.charAt(i))) {
        return false;
      }
    }
    return Text.letter(value.charAt(1)) && value.equals(value.toUpperCase(Locale.ROOT));
  }

  private static boolean few(String value) {
    return value.chars().distinct().limit(3).count() <= 2;
  }

  /** Whether one character stands that many times in a row. */
  static boolean repeats(String value, int times) {
    int run = 1;
    for (int i = 1; i < value.length(); i++) {
      run = value.charAt(i) == value.charAt(i - 1) ? run + 1 : 1;
      if (run >= times) {
        return true;
      }
    }
    return false;
  }

  /** Whether that many characters follow each other in the alphabet, up or down, or as keys do. */
  static boolean sequence(String lower, int length) {
    int up = 1;
    int down = 1;
    for (int i = 1; i < lower.length(); i++) {
      char last = lower.charAt(i - 1);
      char c = lower.charAt(i);
      boolean next = c == last + 1 || (last == '9' && c == '0');
      up = next && Text.alnum(c) ? up + 1 : 1;
      down = c == last - 1 && Text.alnum(c) ? down + 1 : 1;
      if (up >= length || down >= length) {
        return true;
      }
    }
    return KEYBOARD.stream().anyMatch(lower::contains);
  }

  /** Numbers that nobody has: one digit, or a run of digits in order. */
  static boolean number(String digits) {
    return digits.chars().distinct().limit(2).count() == 1
        || sequence(digits, Math.min(digits.length(), 9));
  }

  /** Test cards that schemes and processors publish. */
  static boolean card(String digits) {
    return TEST_CARDS.contains(digits)
        || digits.startsWith("4000000000")
        || (digits.startsWith("40000") && digits.startsWith("0000", 8));
  }

  /** Numbers that were printed on cards and in advertisements, and the area 987-65-43xx. */
  static boolean ssn(String digits) {
    return Set.of("078051120", "219099999", "457555462", "123456789", "111111111", "123121234")
            .contains(digits)
        || digits.startsWith("98765432");
  }

  /** RFC 2606 and 6761, and what manuals write. */
  static boolean domain(String domain) {
    String lower = domain.toLowerCase(Locale.ROOT);
    return lower.endsWith(".example")
        || lower.endsWith(".test")
        || lower.endsWith(".invalid")
        || lower.endsWith(".localhost")
        || lower.equals("example.com")
        || lower.equals("example.org")
        || lower.equals("example.net")
        || lower.endsWith(".example.com")
        || lower.endsWith(".example.org")
        || lower.endsWith(".example.net")
        || lower.equals("yourdomain.com")
        || lower.equals("domain.com")
        || lower.equals("yourcompany.com");
  }
}
