package io.llmtrace.policies.detect.sensitive;

import static io.llmtrace.policies.detect.Severity.CRITICAL;
import static io.llmtrace.policies.detect.Severity.HIGH;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The catalogue of everything that is recognised. Immutable, thread-safe. */
public final class SensitiveKinds {
  static final SensitiveKind AWS_SECRET_KEY =
      SensitiveKind.secret(
          "aws_secret_key",
          "AWS secret access key",
          "cloud",
          CRITICAL,
          SensitiveKind.Context.REQUIRED,
          "40 characters of base64, AWS beside it");
  static final SensitiveKind PRIVATE_KEY =
      SensitiveKind.secret(
          "private_key",
          "Private key (PEM, OpenSSH, PKCS #8, encrypted)",
          "key",
          CRITICAL,
          SensitiveKind.Context.NOT_READ,
          "frame with a body of base64");
  static final SensitiveKind PGP_PRIVATE_KEY =
      SensitiveKind.secret(
          "pgp_private_key",
          "PGP private key",
          "key",
          CRITICAL,
          SensitiveKind.Context.NOT_READ,
          "frame with a body of base64");
  static final SensitiveKind PUTTY_PRIVATE_KEY =
      SensitiveKind.secret(
          "putty_private_key",
          "PuTTY private key",
          "key",
          CRITICAL,
          SensitiveKind.Context.NOT_READ,
          "frame with private lines");
  static final SensitiveKind CRYPTO_PRIVATE_KEY =
      SensitiveKind.secret(
          "crypto_private_key",
          "Cryptocurrency private key (WIF, xprv)",
          "key",
          CRITICAL,
          SensitiveKind.Context.NOT_READ,
          "base58check");
  static final SensitiveKind CRYPTO_SEED_PHRASE =
      SensitiveKind.secret(
          "crypto_seed_phrase",
          "Cryptocurrency seed phrase",
          "key",
          CRITICAL,
          SensitiveKind.Context.REQUIRED,
          "12 to 24 short words behind their name");
  static final SensitiveKind JWT =
      SensitiveKind.secret(
          "jwt",
          "JSON Web Token",
          "token",
          HIGH,
          SensitiveKind.Context.NOT_READ,
          "header decodes to JSON with alg");
  static final SensitiveKind BASIC_AUTH =
      SensitiveKind.secret(
          "basic_auth_header",
          "HTTP basic authorization",
          "token",
          HIGH,
          SensitiveKind.Context.NOT_READ,
          "decodes to user:password");
  static final SensitiveKind PASSWORD =
      SensitiveKind.secret(
          "password",
          "Password: assigned, said, or in an address or connection string",
          "generic",
          HIGH,
          SensitiveKind.Context.REQUIRED,
          "looks like one; no placeholder");
  static final SensitiveKind GENERIC_API_KEY =
      SensitiveKind.secret(
          "generic_api_key",
          "Token, key or secret that is assigned",
          "generic",
          HIGH,
          SensitiveKind.Context.REQUIRED,
          "entropy; no placeholder");

  private static final Map<String, SensitiveKind> ALL = new LinkedHashMap<>();

  static {
    List<SensitiveKind> kinds = new ArrayList<>();
    SecretFormats.all().forEach(format -> kinds.add(format.kind()));
    VendorWords.all().forEach(vendor -> kinds.add(vendor.kind()));
    kinds.addAll(
        List.of(
            AWS_SECRET_KEY,
            PRIVATE_KEY,
            PGP_PRIVATE_KEY,
            PUTTY_PRIVATE_KEY,
            CRYPTO_PRIVATE_KEY,
            CRYPTO_SEED_PHRASE,
            JWT,
            BASIC_AUTH,
            PASSWORD,
            GENERIC_API_KEY));
    kinds.addAll(PiiKinds.all());
    for (SensitiveKind kind : kinds) {
      if (ALL.put(kind.id(), kind) != null) {
        throw new IllegalStateException("two kinds are called " + kind.id());
      }
    }
  }

  private SensitiveKinds() {}

  /** All kinds: secrets first, then personal data. */
  public static List<SensitiveKind> all() {
    return List.copyOf(ALL.values());
  }

  /** The kind with an id, for example {@code iban}. */
  public static Optional<SensitiveKind> find(String id) {
    return Optional.ofNullable(ALL.get(id));
  }

  /** A kind that the tables here have. */
  static SensitiveKind get(String id) {
    return find(id).orElseThrow(() -> new IllegalArgumentException("no kind '" + id + "'"));
  }
}
