package io.llmtrace.controlplane.keys;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text of a key: {@code llmt_} and eight letters or digits, its prefix, by which it is found
 * and spoken of; then {@code _} and 256 random bits in hex, its secret.
 */
final class KeyToken {
  private static final Pattern FORM = Pattern.compile("(llmt_[a-z0-9]{8})_[0-9a-f]{64}");

  /** Keys of before prefixes. */
  private static final Pattern OLD_FORM = Pattern.compile("llmtrace_[a-z]{1,16}_[0-9a-f]{64}");

  private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
  private static final int PREFIX = 8;
  private static final int SECRET_BYTES = 32;
  private static final int SALT_BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();

  private KeyToken() {}

  static String random() {
    StringBuilder token = new StringBuilder("llmt_");
    for (int i = 0; i < PREFIX; i++) {
      token.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
    }
    return token.append('_').append(HexFormat.of().formatHex(bytes(SECRET_BYTES))).toString();
  }

  static byte[] salt() {
    return bytes(SALT_BYTES);
  }

  static boolean isOne(String token) {
    return FORM.matcher(token).matches() || isOld(token);
  }

  static boolean isOld(String token) {
    return OLD_FORM.matcher(token).matches();
  }

  /** The prefix of a token, empty for one of the old form. */
  static Optional<String> prefix(String token) {
    Matcher form = FORM.matcher(token);
    return form.matches() ? Optional.of(form.group(1)) : Optional.empty();
  }

  /** What is stored of a token; keys of the old form have an empty salt. */
  static byte[] hash(byte[] salt, String token) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(salt);
      return sha.digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] bytes(int count) {
    byte[] drawn = new byte[count];
    RANDOM.nextBytes(drawn);
    return drawn;
  }
}
