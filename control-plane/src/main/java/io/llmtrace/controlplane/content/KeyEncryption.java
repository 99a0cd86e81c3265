package io.llmtrace.controlplane.content;

/**
 * Encrypts the keys of rows under keys that the database never has: a file ({@link Keyring}), or a
 * key management service, which keeps its keys to itself. Thread-safe.
 */
public interface KeyEncryption {
  /**
   * A wrapped key.
   *
   * @param keyId the key that unwraps it
   * @param bytes opaque; no secret without that key
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Wrapped(String keyId, byte[] bytes) {}

  /** The key under which is wrapped from now on. */
  String activeKeyId();

  /**
   * Wraps a key under the active one.
   *
   * @param dek 32 bytes
   * @param context what it belongs to; it unwraps with the same alone
   * @throws UndecryptableException when the service cannot be had or has no key
   */
  Wrapped wrap(byte[] dek, byte[] context) throws UndecryptableException;

  /**
   * Unwraps a key.
   *
   * @return 32 bytes
   * @throws UndecryptableException when the key is not known, or this is not what it wrapped
   */
  byte[] unwrap(Wrapped wrapped, byte[] context) throws UndecryptableException;
}
