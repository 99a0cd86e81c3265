package io.llmtrace.policies.bundle;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Objects;

/**
 * A bundle as it travels: {@code LLMTRACE-BUNDLE-1} and a line feed, 64 bytes of an Ed25519
 * signature over that line and the rest, and the rest, which is the bundle as JSON. There is no
 * byte that is not either signed or the signature. Stateless.
 */
public final class SignedBundle {
  /** Media type over HTTP. */
  public static final String MEDIA_TYPE = "application/vnd.llmtrace.bundle";

  /** Bytes of the largest bundle that is read, signature included. */
  public static final int LARGEST = 32 << 20;

  private static final byte[] MAGIC = "LLMTRACE-BUNDLE-1\n".getBytes(US_ASCII);
  private static final int SIGNATURE = 64;

  /** A key that is not known here may be a condition that is not looked at: it is refused. */
  private static final ObjectReader READER =
      WireJson.mapper()
          .readerFor(Bundle.class)
          .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private SignedBundle() {}

  /** Signs messages with an Ed25519 key that stays where it is. */
  @FunctionalInterface
  public interface Signer {
    /** The signature, 64 bytes. */
    byte[] sign(byte[] message);
  }

  /** A bundle as bytes. */
  public static byte[] seal(Bundle bundle, Signer signer) {
    byte[] json = json(bundle);
    byte[] signature = signer.sign(message(json, 0));
    byte[] sealed = new byte[MAGIC.length + SIGNATURE + json.length];
    System.arraycopy(MAGIC, 0, sealed, 0, MAGIC.length);
    System.arraycopy(signature, 0, sealed, MAGIC.length, SIGNATURE);
    System.arraycopy(json, 0, sealed, MAGIC.length + SIGNATURE, json.length);
    return sealed;
  }

  /**
   * The bundle in these bytes.
   *
   * @param keys public keys (SubjectPublicKeyInfo, base64) one of which must have signed it
   * @throws RefusedBundleException if none has, or what is signed is no bundle
   */
  public static Bundle open(byte[] sealed, Collection<String> keys) throws RefusedBundleException {
    int body = MAGIC.length + SIGNATURE;
    if (sealed.length > LARGEST) {
      throw new RefusedBundleException("size", "more than " + LARGEST + " bytes");
    }
    if (sealed.length <= body || !Arrays.equals(sealed, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw new RefusedBundleException("format", "no bundle of a format that is known here");
    }
    byte[] signature = Arrays.copyOfRange(sealed, MAGIC.length, body);
    byte[] message = message(sealed, body);
    if (keys.stream().noneMatch(key -> verifies(key, message, signature))) {
      throw new RefusedBundleException("signature", "not signed by a key that is trusted here");
    }
    try {
      Bundle bundle = READER.readValue(sealed, body, sealed.length - body);
      return Objects.requireNonNull(bundle, "null is no bundle");
    } catch (IOException | RuntimeException e) {
      throw new RefusedBundleException("content", "signed, but cannot be read: " + e.getMessage());
    }
  }

  private static byte[] message(byte[] bytes, int from) {
    byte[] message = Arrays.copyOf(MAGIC, MAGIC.length + bytes.length - from);
    System.arraycopy(bytes, from, message, MAGIC.length, bytes.length - from);
    return message;
  }

  private static boolean verifies(String key, byte[] message, byte[] signed) {
    try {
      PublicKey known =
          KeyFactory.getInstance("Ed25519")
              .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(key)));
      Signature signature = Signature.getInstance("Ed25519");
      signature.initVerify(known);
      signature.update(message);
      return signature.verify(signed);
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      // A signature may be such that it cannot even be looked at; a key was checked when it was
      // configured.
      return false;
    }
  }

  /** SHA-256 of what a bundle holds, 64 hex digits: the same for the same policies. */
  public static String digest(Bundle.Content content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(json(content)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] json(Object value) {
    try {
      return WireJson.mapper().writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a bundle is made of what can be written", e);
    }
  }
}
