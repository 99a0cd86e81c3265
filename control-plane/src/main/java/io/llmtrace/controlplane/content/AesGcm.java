package io.llmtrace.controlplane.content;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.List;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** AES-256-GCM with nonces of 96 random bits and tags of 128. Stateless and thread-safe. */
final class AesGcm {
  static final int KEY_BYTES = 32;
  static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  private AesGcm() {}

  static byte[] random(int bytes) {
    byte[] random = new byte[bytes];
    RANDOM.nextBytes(random);
    return random;
  }

  /** The cipher text with its tag behind it. */
  static byte[] encrypt(byte[] key, byte[] nonce, byte[] aad, byte[] plain) {
    try {
      return cipher(Cipher.ENCRYPT_MODE, key, nonce, aad).doFinal(plain);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has AES-256-GCM", e);
    }
  }

  /**
   * The plain text.
   *
   * @throws UndecryptableException when key, nonce, additional data or text are not those of before
   */
  static byte[] decrypt(byte[] key, byte[] nonce, byte[] aad, byte[] encrypted)
      throws UndecryptableException {
    if (nonce.length != NONCE_BYTES || encrypted.length < TAG_BITS / 8) {
      throw new UndecryptableException("what is stored is too short");
    }
    try {
      return cipher(Cipher.DECRYPT_MODE, key, nonce, aad).doFinal(encrypted);
    } catch (AEADBadTagException e) {
      throw new UndecryptableException("what is stored was changed, or belongs elsewhere");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has AES-256-GCM", e);
    }
  }

  private static Cipher cipher(int mode, byte[] key, byte[] nonce, byte[] aad)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(aad);
    return cipher;
  }

  /** Fields as bytes, each with its length before it, so that no two lists are alike. */
  static byte[] fields(List<String> fields) {
    List<byte[]> bytes =
        fields.stream().map(field -> field.getBytes(StandardCharsets.UTF_8)).toList();
    ByteBuffer all =
        ByteBuffer.allocate(bytes.stream().mapToInt(field -> Integer.BYTES + field.length).sum());
    bytes.forEach(field -> all.putInt(field.length).put(field));
    return all.array();
  }
}
