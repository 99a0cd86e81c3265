package io.llmtrace.controlplane.keys;

import java.security.MessageDigest;

/** What is stored of a token's secret. Immutable. */
final class KeyHash {
  /** Of no token: a wrong one costs the same work whether or not its prefix exists. */
  static final KeyHash NOBODY = new KeyHash(new byte[16], new byte[32]);

  private final byte[] salt;
  private final byte[] hash;

  /**
   * @param salt empty for keys of the old form
   */
  KeyHash(byte[] salt, byte[] hash) {
    this.salt = salt.clone();
    this.hash = hash.clone();
  }

  /** Compares in a time that tells nothing about how much of the token was right. */
  boolean matches(String token) {
    return MessageDigest.isEqual(KeyToken.hash(salt, token), hash);
  }
}
