package io.llmtrace.runtime.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and keys in PEM (RFC 7468). No message holds anything of a key. Stateless. */
final class PemFiles {
  private static final int LARGEST = 1 << 20;
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]*)-----END PRIVATE KEY-----");
  private static final List<String> ALGORITHMS = List.of("EC", "RSA", "Ed25519");

  private PemFiles() {}

  /**
   * The certificates of a file, in its order.
   *
   * @throws IOException if it cannot be read or has none
   */
  static List<X509Certificate> certificates(Path file) throws IOException {
    List<X509Certificate> found = new ArrayList<>();
    try {
      CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(bytes(file)))
          .forEach(each -> found.add((X509Certificate) each));
    } catch (CertificateException e) {
      throw new IOException(file + ": expected certificates in PEM", e);
    }
    if (found.isEmpty()) {
      throw new IOException(file + ": expected at least one certificate in PEM");
    }
    return found;
  }

  /**
   * The key of a file.
   *
   * @throws IOException if it cannot be read, or holds no key of a kind that TLS is spoken with
   */
  static PrivateKey privateKey(Path file) throws IOException {
    Matcher pem = KEY.matcher(new String(bytes(file), StandardCharsets.ISO_8859_1));
    if (!pem.find()) {
      throw new IOException(
          file
              + ": expected a private key as PKCS#8 in PEM without a password, as \"openssl pkcs8"
              + " -topk8 -nocrypt\" writes it");
    }
    try {
      return key(Base64.getMimeDecoder().decode(pem.group(1)));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      // Without its cause, which may quote the key.
      throw new IOException(file + ": expected a private key of RSA, EC or Ed25519");
    }
  }

  private static PrivateKey key(byte[] encoded) throws GeneralSecurityException {
    PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(encoded);
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (InvalidKeySpecException e) {
        if (algorithm.equals(ALGORITHMS.get(ALGORITHMS.size() - 1))) {
          throw e;
        }
      }
    }
    throw new InvalidKeySpecException();
  }

  private static byte[] bytes(Path file) throws IOException {
    if (Files.size(file) > LARGEST) {
      throw new IOException(file + ": expected at most " + LARGEST + " bytes");
    }
    return Files.readAllBytes(file);
  }
}
