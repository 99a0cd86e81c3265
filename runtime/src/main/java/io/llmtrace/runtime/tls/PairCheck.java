package io.llmtrace.runtime.tls;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;

/** Whether a key is the other half of a certificate's. Stateless. */
final class PairCheck {
  private PairCheck() {}

  /** Asked by signing: a wrong pair would otherwise only be seen as a failed handshake. */
  static boolean belongTogether(PublicKey known, PrivateKey key) throws GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> "Ed25519";
        };
    byte[] text = "llmtrace".getBytes(StandardCharsets.US_ASCII);
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update(text);
      byte[] signed = signature.sign();
      signature.initVerify(known);
      signature.update(text);
      return signature.verify(signed);
    } catch (java.security.InvalidKeyException | java.security.SignatureException e) {
      // Keys of two kinds, or of two sizes.
      return false;
    }
  }
}
