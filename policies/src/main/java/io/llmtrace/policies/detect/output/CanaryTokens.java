package io.llmtrace.policies.detect.output;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes and recognises the canary tokens of one tenant: strings that mean nothing, to be put into a
 * system prompt or a document, so that they prove a leak wherever they turn up. Thread-safe.
 *
 * <p>A token is {@link #MARK} and 26 characters of Crockford's base32: a serial of 48 bits and the
 * first 80 bits of HMAC-SHA-256 over it with the tenant's key. Nobody without the key can make one,
 * and to recognise one no list of issued tokens is needed. The alphabet has no case and forgives O
 * for 0 and I or L for 1, so that a token survives what models do to strings.
 */
public final class CanaryTokens {
  /** What every token begins with. */
  public static final String MARK = "cnry";

  /** The shortest key. */
  public static final int LEAST_KEY_BYTES = 16;

  static final int LENGTH = 26;
  private static final String HMAC = "HmacSHA256";
  private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
  private static final byte[] PURPOSE = {'c', 'a', 'n', 'a', 'r', 'y', '-', '1'};
  private static final int SERIAL_BYTES = 6;
  private static final int MAC_BYTES = 10;

  private final SecretKeySpec key;

  /**
   * @param tenantKey at least 16 bytes that nobody else knows; copied
   * @throws IllegalArgumentException for a shorter key
   */
  CanaryTokens(byte[] tenantKey) {
    if (tenantKey.length < LEAST_KEY_BYTES) {
      throw new IllegalArgumentException(
          "a canary key of " + tenantKey.length + " bytes; " + LEAST_KEY_BYTES + " are the least");
    }
    this.key = new SecretKeySpec(tenantKey, HMAC);
  }

  /**
   * The tokens of one of many tenants that share a key: each gets a key of its own, made of both,
   * so that no tenant's tokens are another's.
   *
   * @param key at least 16 bytes that nobody else knows
   * @throws IllegalArgumentException for a shorter key
   */
  public static CanaryTokens ofTenant(byte[] key, String tenant) {
    if (key.length < LEAST_KEY_BYTES) {
      throw new IllegalArgumentException(
          "a canary key of " + key.length + " bytes; " + LEAST_KEY_BYTES + " are the least");
    }
    return new CanaryTokens(
        hmac(new SecretKeySpec(key, HMAC), ("canary-tenant-1\n" + tenant).getBytes(UTF_8)));
  }

  /**
   * The token of a serial.
   *
   * @param serial any number, of which the lowest 48 bits count: a counter, or random
   */
  public String issue(long serial) {
    byte[] token = new byte[SERIAL_BYTES + MAC_BYTES];
    byte[] number = ByteBuffer.allocate(8).putLong(serial).array();
    System.arraycopy(number, 2, token, 0, SERIAL_BYTES);
    System.arraycopy(mac(token), 0, token, SERIAL_BYTES, MAC_BYTES);
    return MARK + encode(token);
  }

  /** Whether the 26 characters after a mark are those of a token of this tenant. */
  boolean isOurs(CharSequence body) {
    byte[] token = decode(body);
    byte[] mac = Arrays.copyOfRange(token, SERIAL_BYTES, token.length);
    return MessageDigest.isEqual(mac, Arrays.copyOf(mac(token), MAC_BYTES));
  }

  private byte[] mac(byte[] token) {
    return hmac(key, PURPOSE, Arrays.copyOf(token, SERIAL_BYTES));
  }

  private static byte[] hmac(SecretKeySpec key, byte[]... parts) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(key);
      for (byte[] part : parts) {
        mac.update(part);
      }
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  private static String encode(byte[] bytes) {
    StringBuilder out = new StringBuilder(LENGTH);
    int bits = 0;
    int buffer = 0;
    for (byte b : bytes) {
      buffer = (buffer << 8) | (b & 0xff);
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        out.append(ALPHABET.charAt((buffer >> bits) & 31));
      }
    }
    return out.append(ALPHABET.charAt((buffer << (5 - bits)) & 31)).toString();
  }

  private static byte[] decode(CharSequence text) {
    byte[] bytes = new byte[SERIAL_BYTES + MAC_BYTES];
    int bits = 0;
    int buffer = 0;
    int count = 0;
    for (int i = 0; i < text.length() && count < bytes.length; i++) {
      buffer = (buffer << 5) | Math.max(0, value(text.charAt(i)));
      bits += 5;
      if (bits >= 8) {
        bits -= 8;
        bytes[count++] = (byte) (buffer >> bits);
      }
    }
    return bytes;
  }

  /** The value of a character in lower case, or -1 for one that no token has. */
  static int value(char c) {
    return switch (c) {
      case 'o' -> 0;
      case 'i', 'l' -> 1;
      default -> ALPHABET.indexOf(c);
    };
  }
}
