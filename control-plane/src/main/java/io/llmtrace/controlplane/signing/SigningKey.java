package io.llmtrace.controlplane.signing;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A key pair of Ed25519. Its file is PKCS#8 in PEM, as {@code openssl genpkey -algorithm ed25519}
 * writes it. Immutable and thread-safe.
 */
public final class SigningKey {
  /** In the data directory, where no key is configured. */
  static final String FILE = "signing.key";

  private static final String ALGORITHM = "Ed25519";
  private static final String PRIVATE = "PRIVATE KEY";
  private static final String PUBLIC = "PUBLIC KEY";

  private final PrivateKey privateKey;
  private final PublicKey publicKey;
  private final String id;

  private SigningKey(PrivateKey privateKey, PublicKey publicKey) {
    this.privateKey = privateKey;
    this.publicKey = publicKey;
    this.id = id(publicKey);
  }

  /**
   * The configured key, else the one of the data directory, which is made where there is none.
   *
   * @throws IllegalArgumentException when the configured key is none
   * @throws IOException when the file cannot be read or written, or holds no key
   */
  public static SigningKey load(@Nullable Secret configured, Path dataDirectory)
      throws IOException {
    return configured == null
        ? ofFile(dataDirectory.resolve(FILE))
        : of(configured, "control_plane.signing_key");
  }

  /**
   * A configured key.
   *
   * @param setting its name, for the error
   * @throws IllegalArgumentException when it is none
   */
  public static SigningKey of(Secret configured, String setting) {
    try {
      return parse(configured.reveal());
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      // The cause is left out: it may quote the key.
      throw new IllegalArgumentException(
          setting
              + ": expected an Ed25519 key as PKCS#8 in PEM, as"
              + " \"openssl genpkey -algorithm ed25519\" writes it");
    }
  }

  /**
   * The key of a file, which is made where there is none.
   *
   * @throws IOException when the file cannot be read or written, or holds no key
   */
  public static SigningKey ofFile(Path file) throws IOException {
    try {
      String fresh = pem(PRIVATE, generate(new SecureRandom()).getPrivate().getEncoded());
      return parse(new String(PrivateFiles.createOrRead(file, fresh.getBytes(US_ASCII)), US_ASCII));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(
          file + ": expected an Ed25519 key as PKCS#8 in PEM; what it signed needs this very key");
    }
  }

  static SigningKey parse(String pem) throws GeneralSecurityException {
    String text = pem.strip();
    String begin = "-----BEGIN " + PRIVATE + "-----";
    String end = "-----END " + PRIVATE + "-----";
    if (!text.startsWith(begin) || !text.endsWith(end)) {
      throw new IllegalArgumentException("expected " + begin);
    }
    byte[] der =
        Base64.getMimeDecoder()
            .decode(text.substring(begin.length(), text.length() - end.length()));
    PrivateKey key =
        KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(der));
    byte[] seed =
        ((EdECPrivateKey) key)
            .getBytes()
            .orElseThrow(() -> new IllegalArgumentException("a key without its bytes"));
    // The JDK makes a public key from a private one only when it makes both: of the same seed.
    return new SigningKey(key, generate(new Fixed(seed)).getPublic());
  }

  private static KeyPair generate(SecureRandom random) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(ALGORITHM);
    generator.initialize(NamedParameterSpec.ED25519, random);
    return generator.generateKeyPair();
  }

  /** The first 16 hex digits of the SHA-256 of the public key (SubjectPublicKeyInfo). */
  public String id() {
    return id;
  }

  /** The public key (SubjectPublicKeyInfo) in PEM. */
  public String publicPem() {
    return pem(PUBLIC, publicKey.getEncoded());
  }

  /** The public key (SubjectPublicKeyInfo) in base64. */
  public String publicBase64() {
    return Base64.getEncoder().encodeToString(publicKey.getEncoded());
  }

  /** The signature of a message, 64 bytes. */
  public byte[] sign(byte[] message) {
    try {
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initSign(privateKey);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java from 15 on has Ed25519", e);
    }
  }

  /** Whether a signature is this key's over this message. */
  public boolean verifies(byte[] message, byte[] signed) {
    try {
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initVerify(publicKey);
      signature.update(message);
      return signed.length == 64 && signature.verify(signed);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java from 15 on has Ed25519", e);
    }
  }

  private static String id(PublicKey key) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static String pem(String kind, byte[] der) {
    return "-----BEGIN "
        + kind
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + kind
        + "-----\n";
  }

  @Override
  public String toString() {
    return "Ed25519 key " + id;
  }

  /** Gives the bytes that it was made with. */
  private static final class Fixed extends SecureRandom {
    private static final long serialVersionUID = 1;
    private final transient byte[] seed;

    Fixed(byte[] seed) {
      this.seed = seed.clone();
    }

    @Override
    public void nextBytes(byte[] bytes) {
      if (bytes.length != seed.length) {
        throw new IllegalStateException("a seed of " + bytes.length + " bytes was asked for");
      }
      System.arraycopy(seed, 0, bytes, 0, seed.length);
    }
  }
}
