package io.llmtrace.policies.detect.sensitive;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;

/** Values made at run time from a seed, so that no file holds anything that looks like a secret. */
public final class Made {
  private static final String DIGITS = "0123456789";
  private static final String LOWER = "abcdefghijklmnopqrstuvwxyz";
  private static final String UPPER = LOWER.toUpperCase(java.util.Locale.ROOT);
  private static final String ALNUM = DIGITS + UPPER + LOWER;
  private static final Map<Character, String> CLASSES =
      Map.ofEntries(
          Map.entry('d', DIGITS),
          Map.entry('h', DIGITS + "abcdef"),
          Map.entry('H', DIGITS + "abcdefABCDEF"),
          Map.entry('a', ALNUM),
          Map.entry('l', DIGITS + LOWER),
          Map.entry('u', DIGITS + UPPER),
          Map.entry('t', UPPER + "234567"),
          Map.entry('p', LOWER + "234567"),
          Map.entry('b', ALNUM + "+/"),
          Map.entry('w', ALNUM + "_-"),
          Map.entry('x', ALNUM),
          Map.entry('e', ALNUM),
          Map.entry('c', ALNUM),
          Map.entry('q', ALNUM),
          Map.entry('=', "="));

  private Made() {}

  static String of(String alphabet, int length, Random random) {
    StringBuilder value = new StringBuilder();
    for (int i = 0; i < length; i++) {
      value.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return value.toString();
  }

  public static String alnum(int length, long seed) {
    return of(ALNUM, length, new Random(seed));
  }

  public static String hex(int length, long seed) {
    return of(DIGITS + "abcdef", length, new Random(seed));
  }

  static String base64(int length, long seed) {
    return of(ALNUM + "+/", length, new Random(seed));
  }

  /** A value of a form, see {@link Shape}; the least length of each run. */
  static String form(String form, Random random) {
    StringBuilder value = new StringBuilder();
    int at = 0;
    while (at < form.length()) {
      if (form.charAt(at) != '{') {
        value.append(form.charAt(at++));
        continue;
      }
      int close = form.indexOf('}', at);
      int length = Integer.parseInt(form.substring(at + 2, close).split(",", -1)[0]);
      // A run begins and ends with a letter or digit, so that what stands beside it is no part.
      String alphabet = CLASSES.get(form.charAt(at + 1));
      for (int i = 0; i < length; i++) {
        String from = alphabet.replaceAll(i == 0 || i == length - 1 ? "[_/+-]" : "", "");
        value.append(from.charAt(random.nextInt(from.length())));
      }
      at = close + 1;
    }
    return value.toString();
  }

  /** 30 random characters behind a prefix and their CRC-32 in base 62. */
  public static String github(String prefix, long seed) {
    String random = alnum(30, seed);
    CRC32 crc = new CRC32();
    crc.update(random.getBytes(StandardCharsets.US_ASCII));
    long rest = crc.getValue();
    StringBuilder check = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      check.insert(0, ALNUM.charAt((int) (rest % 62)));
      rest /= 62;
    }
    return prefix + random + check;
  }

  public static String jwt(String header, String payload, long seed) {
    Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
    return encoder.encodeToString(header.getBytes(StandardCharsets.UTF_8))
        + "."
        + encoder.encodeToString(payload.getBytes(StandardCharsets.UTF_8))
        + "."
        + alnum(43, seed);
  }

  public static String jwt(long seed) {
    return jwt("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", "{\"sub\":\"77310\",\"iat\":1}", seed);
  }

  public static String pem(String label, long seed) {
    return "-----BEGIN "
        + label
        + "-----\n"
        + base64(64, seed)
        + "\n"
        + base64(64, seed + 1)
        + "\n"
        + base64(22, seed + 2)
        + "==\n-----END "
        + label
        + "-----";
  }

  /** A number with its Luhn digit. */
  public static String luhn(String body) {
    for (char check = '0'; check <= '9'; check++) {
      int sum = 0;
      String number = body + check;
      for (int i = 0; i < number.length(); i++) {
        int digit = number.charAt(number.length() - 1 - i) - '0';
        sum += i % 2 == 0 ? digit : digit * 2 / 10 + digit * 2 % 10;
      }
      if (sum % 10 == 0) {
        return number;
      }
    }
    throw new AssertionError(body);
  }

  public static String iban(String country, String account) {
    String digits =
        (account + country + "00")
            .chars()
            .mapToObj(c -> Integer.toString(Character.digit(c, 36)))
            .collect(java.util.stream.Collectors.joining());
    int check =
        98 - new java.math.BigInteger(digits).mod(java.math.BigInteger.valueOf(97)).intValue();
    return country + String.format("%02d", check) + account;
  }
}
