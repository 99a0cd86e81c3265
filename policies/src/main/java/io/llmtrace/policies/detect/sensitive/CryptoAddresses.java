package io.llmtrace.policies.detect.sensitive;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Checksums of cryptocurrency addresses. Inputs are at most 120 characters. */
final class CryptoAddresses {
  private static final String BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  private static final String BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
  private static final long[] KECCAK_ROUNDS = keccakRounds();

  private CryptoAddresses() {}

  /** Version byte of a base58check string (double SHA-256); -1 if the checksum does not hold. */
  static int base58Check(String text) {
    byte[] decoded = base58(text);
    if (decoded == null || decoded.length < 5) {
      return -1;
    }
    byte[] body = Arrays.copyOf(decoded, decoded.length - 4);
    byte[] hash = sha256(sha256(body));
    boolean holds =
        Arrays.equals(
            Arrays.copyOf(hash, 4),
            Arrays.copyOfRange(decoded, decoded.length - 4, decoded.length));
    return holds ? body[0] & 0xff : -1;
  }

  private static byte @Nullable [] base58(String text) {
    byte[] out = new byte[text.length()];
    int length = 0;
    int zeros = 0;
    for (int i = 0; i < text.length(); i++) {
      int carry = BASE58.indexOf(text.charAt(i));
      if (carry < 0) {
        return null;
      }
      zeros += carry == 0 && zeros == i ? 1 : 0;
      for (int j = 0; j < length || carry > 0; j++) {
        carry += j < length ? (out[j] & 0xff) * 58 : 0;
        out[j] = (byte) carry;
        carry >>= 8;
        length = Math.max(length, j + 1);
      }
    }
    byte[] bytes = new byte[zeros + length];
    for (int i = 0; i < length; i++) {
      bytes[zeros + i] = out[length - 1 - i];
    }
    return bytes;
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Whether BIP 173 (bech32) or BIP 350 (bech32m) holds; one case only. */
  static boolean bech32(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    int one = lower.lastIndexOf('1');
    if (one < 1 || lower.length() - one < 7 || !(text.equals(lower) || text.equals(upper(text)))) {
      return false;
    }
    int check = 1;
    for (int i = 0; i < one; i++) {
      check = bech32Step(check, lower.charAt(i) >> 5);
    }
    check = bech32Step(check, 0);
    for (int i = 0; i < one; i++) {
      check = bech32Step(check, lower.charAt(i) & 31);
    }
    for (int i = one + 1; i < lower.length(); i++) {
      int value = BECH32.indexOf(lower.charAt(i));
      if (value < 0) {
        return false;
      }
      check = bech32Step(check, value);
    }
    return check == 1 || check == 0x2bc830a3;
  }

  private static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  private static int bech32Step(int check, int value) {
    int top = check >>> 25;
    int next = (check & 0x1ffffff) << 5 ^ value;
    int[] generator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    for (int i = 0; i < 5; i++) {
      next ^= (top >> i & 1) == 1 ? generator[i] : 0;
    }
    return next;
  }

  /** Whether the capitals of an address of 40 hex digits are those of EIP-55. */
  static boolean eip55(String hex) {
    byte[] hash = keccak256(hex.toLowerCase(Locale.ROOT));
    for (int i = 0; i < 40; i++) {
      char c = hex.charAt(i);
      boolean capital = (hash[i / 2] >> (i % 2 == 0 ? 4 : 0) & 8) != 0;
      if (Text.letter(c) && Text.upper(c) != capital) {
        return false;
      }
    }
    return true;
  }

  /** Keccak-256 with the padding of before SHA-3, of ASCII shorter than one block. */
  private static byte[] keccak256(String ascii) {
    byte[] block = new byte[136];
    for (int i = 0; i < ascii.length(); i++) {
      block[i] = (byte) ascii.charAt(i);
    }
    block[ascii.length()] ^= 1;
    block[135] ^= (byte) 0x80;
    long[] state = new long[25];
    for (int i = 0; i < 136; i++) {
      state[i / 8] ^= (block[i] & 0xffL) << (i % 8 * 8);
    }
    keccakF(state);
    byte[] hash = new byte[32];
    for (int i = 0; i < 32; i++) {
      hash[i] = (byte) (state[i / 8] >>> (i % 8 * 8));
    }
    return hash;
  }

  /** Keccak-f[1600], FIPS 202 section 3. */
  private static void keccakF(long[] state) {
    for (long round : KECCAK_ROUNDS) {
      long[] column = new long[5];
      for (int i = 0; i < 25; i++) {
        column[i % 5] ^= state[i];
      }
      for (int i = 0; i < 25; i++) {
        state[i] ^= column[(i + 4) % 5] ^ Long.rotateLeft(column[(i + 1) % 5], 1);
      }
      long moving = state[1];
      int x = 1;
      int y = 0;
      for (int t = 0; t < 24; t++) {
        int nextX = y;
        y = (2 * x + 3 * y) % 5;
        x = nextX;
        long kept = state[x + 5 * y];
        state[x + 5 * y] = Long.rotateLeft(moving, (t + 1) * (t + 2) / 2 % 64);
        moving = kept;
      }
      for (int row = 0; row < 25; row += 5) {
        long[] line = Arrays.copyOfRange(state, row, row + 5);
        for (int i = 0; i < 5; i++) {
          state[row + i] = line[i] ^ (~line[(i + 1) % 5] & line[(i + 2) % 5]);
        }
      }
      state[0] ^= round;
    }
  }

  private static long[] keccakRounds() {
    long[] rounds = new long[24];
    int register = 1;
    for (int round = 0; round < 24; round++) {
      for (int j = 0; j < 7; j++) {
        if ((register & 1) == 1) {
          rounds[round] |= 1L << ((1 << j) - 1);
        }
        register = (register & 0x80) != 0 ? register << 1 ^ 0x171 : register << 1;
      }
    }
    return rounds;
  }
}
